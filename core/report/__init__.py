"""Turn records into figures, colours, tables and files. No model, no torch, no Streamlit."""
