"""Everything that uses Streamlit and that pages share: settings, links, progress, panels, the token heatmap."""
