FROM python:3.11-slim

# PyTorch's own index has builds without CUDA, which are several gigabytes smaller. Where it cannot be reached,
# the pinned version comes from pip's usual sources.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app
COPY requirements.txt .
RUN torch="$(grep '^torch==' requirements.txt)" \
    && (pip install --index-url "$TORCH_INDEX" "$torch" || pip install "$torch") \
    && pip install -r requirements.txt

# A user without rights; its home holds the caches for downloaded lists and models.
RUN useradd --create-home --uid 1000 app
COPY --chown=app:app .streamlit .streamlit
COPY --chown=app:app assets assets
COPY --chown=app:app core core
COPY --chown=app:app ui ui
COPY --chown=app:app pages pages
COPY --chown=app:app app.py LICENSE ./
USER app

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]
