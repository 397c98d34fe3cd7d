# The class server. docs/deployment.md tells how to build, size and run it.
#
#   docker build -t grammar-neurons .
#   docker build -t grammar-neurons --build-arg MODELS="EleutherAI/gpt-neo-125m" --build-arg WORD_LISTS=required .
#
# To pin the base image to its bytes, not only to its name:
#   --build-arg PYTHON_IMAGE=python:3.11-slim@sha256:…
ARG PYTHON_IMAGE=python:3.11-slim


# --- The virtual environment: made, slimmed, compiled. No compiler, pip or cache of it gets into the last stage.
FROM ${PYTHON_IMAGE} AS environment

# PyTorch's own index has builds without CUDA, which are several gigabytes smaller. Where it cannot be reached,
# the pinned version comes from pip's usual sources.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

# `strip`, for slim.py. Without it the image is 120 MB larger, and that is all.
RUN { apt-get update -qq && apt-get install -y -qq --no-install-recommends binutils >/dev/null; } \
    || echo "NOTE: binutils cannot be had; the libraries keep their symbol tables."

WORKDIR /build
COPY requirements.txt ./
RUN python -m venv --without-pip /opt/venv \
    && torch="$(grep '^torch==' requirements.txt)" \
    && { pip --python /opt/venv/bin/python install --no-compile --index-url "$TORCH_INDEX" "$torch" \
         || { echo "NOTE: $TORCH_INDEX does not give $torch; pip's usual sources may give one with CUDA." \
              && pip --python /opt/venv/bin/python install --no-compile "$torch"; }; } \
    && pip --python /opt/venv/bin/python install --no-compile -r requirements.txt

COPY deploy/image/slim.py ./
RUN python slim.py /opt/venv


# --- The app, the models and word lists baked in, and the proof that all of it works.
FROM environment AS app

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    USER=app

WORKDIR /app
COPY .streamlit .streamlit
COPY assets assets
COPY core core
COPY engine engine
COPY server server
COPY ui ui
COPY pages pages
COPY app.py serve.py LICENSE ./

# Hub ids, with commas between them. They are fetched once, here, and offered besides the bundled model.
ARG MODELS=""
ARG HF_ENDPOINT=https://huggingface.co
RUN mkdir -p /opt/models \
    && for model in $(echo "$MODELS" | tr ',' ' '); do \
           HF_HOME=/opt/models HF_XET_CACHE=/tmp/xet HF_HUB_DISABLE_TELEMETRY=1 HF_ENDPOINT="$HF_ENDPOINT" \
               python -m core download "$model" || exit 1; \
       done \
    && rm -rf /opt/models/hub/.locks /opt/models/xet /tmp/xet

# The course notebook's word lists: `optional` goes on without them where they cannot be had (the app then tries
# at run time, and lets the bundled lists stand in), `required` does not, `none` does not try.
ARG WORD_LISTS=optional
ARG GRAMMAR_NEURONS_WORDLISTS_URL=""
RUN mkdir -p /opt/grammar-neurons/cache \
    && case "$WORD_LISTS" in \
           none) ;; \
           required) GRAMMAR_NEURONS_CACHE=/opt/grammar-neurons/cache python -m core download --words ;; \
           optional) GRAMMAR_NEURONS_CACHE=/opt/grammar-neurons/cache python -m core download --words \
               || echo "NOTE: the image is built without the notebook's word lists." ;; \
           *) echo "WORD_LISTS is “$WORD_LISTS”; optional, required and none are allowed." >&2; exit 2 ;; \
       esac

# Light copies of Streamlit's static files. What makes them does not get into the last stage.
COPY deploy/image/lighten.py /build/
RUN pip --python /opt/venv/bin/python install --no-compile --target /tmp/tools \
        brotli==1.2.1 deflate==0.9.0 fonttools==4.68.0 \
    && PYTHONPATH=/tmp/tools python /build/lighten.py /opt/grammar-neurons/cache/static \
    && rm -rf /tmp/tools

# Some of these files only their owner, root, may read until here. From here on this is the user of the last stage.
COPY deploy/image/check.py /build/
RUN python -m compileall -q --invalidation-mode unchecked-hash /app \
    && chmod -R a+rX /app /opt/models /opt/grammar-neurons
USER 10001:10001
RUN HF_HOME=/opt/models HF_HUB_OFFLINE=1 HOME=/tmp GRAMMAR_NEURONS_CACHE=/tmp/cache \
    GRAMMAR_NEURONS_SEED=/opt/grammar-neurons/cache python /build/check.py


# --- What runs: Python, the environment, the app. All of it is root's and read-only to the user that runs it.
FROM ${PYTHON_IMAGE}

ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="Grammar Neurons" \
      org.opencontainers.image.description="Which MLP neurons of a language model tell nouns from verbs, and does it hold up?" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.documentation="docs/deployment.md"

# One user without rights, shell or home, who owns the cache; and no pip, which nothing here may need.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin app \
    && install -d -o 10001 -g 10001 -m 0770 /cache \
    && rm -rf /usr/local/lib/python3.11/site-packages/pip* /usr/local/lib/python3.11/site-packages/setuptools* \
           /usr/local/lib/python3.11/site-packages/wheel* /usr/local/lib/python3.11/ensurepip /usr/local/bin/pip*

COPY --from=environment /opt/venv /opt/venv
COPY --from=app /opt/models /opt/models
COPY --from=app /opt/grammar-neurons /opt/grammar-neurons
COPY --from=app /app /app
COPY deploy/image/ready.py /opt/grammar-neurons/

ARG MODELS=""
ARG GRAMMAR_NEURONS_WORDLISTS_URL=""

# Everything that a library may want to write goes to /cache, or to /tmp, where HOME is too: nothing else need be
# writable. USER is for libraries that ask who they are where the user id has no name.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    USER=app \
    XDG_CACHE_HOME=/cache \
    GRAMMAR_NEURONS_CACHE=/cache \
    GRAMMAR_NEURONS_SEED=/opt/grammar-neurons/cache \
    GRAMMAR_NEURONS_WORDLISTS_URL=${GRAMMAR_NEURONS_WORDLISTS_URL} \
    GRAMMAR_NEURONS_MODELS=bundled${MODELS:+,}${MODELS} \
    HF_HOME=/opt/models \
    HF_HUB_OFFLINE=1 \
    HF_HUB_DISABLE_TELEMETRY=1 \
    MALLOC_ARENA_MAX=2 \
    STREAMLIT_SERVER_PORT=8501

WORKDIR /app
USER 10001:10001
VOLUME /cache
EXPOSE 8501

# Healthy means ready: the model is loaded and the default contrast is computed.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=6 \
    CMD ["python", "-I", "-S", "/opt/grammar-neurons/ready.py"]
CMD ["python", "serve.py"]
