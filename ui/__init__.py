"""All that knows Streamlit and is shared by pages: settings and links, caching, jobs, the token heatmap."""
