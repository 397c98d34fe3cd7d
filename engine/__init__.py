"""What all visitors of a server share: limits, queues, metrics, jobs, a disk store, the pipeline. No Streamlit."""
