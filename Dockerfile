# The class server. docs/how-to/containers.md tells how to build, size and run it.
#
#   docker build -t grammar-neurons .
#   docker build -t grammar-neurons --build-arg MODELS="EleutherAI/gpt-neo-125m" --build-arg WORD_LISTS=required .
#
# The base is named by its bytes; the tag beside them is for people. Its next digest, for all processors:
#   docker buildx imagetools inspect python:3.11-slim --format '{{.Manifest.Digest}}'
ARG PYTHON_IMAGE=python:3.11-slim@sha256:e41613d42d4891e4930f79523f93f81bbc7632584ec65e36ab055f41a800b41e
ARG VERSION=0.1.0


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
COPY requirements.txt requirements-cuda.txt deploy/image/tools.txt ./
# Every file is checked against the hashes in the locks; the reports name the files that were taken, for inventory.py.
RUN python -m venv /opt/tools \
    && /opt/tools/bin/python -m pip install --no-compile --require-hashes -r tools.txt \
    && python -m venv --without-pip /opt/venv \
    && install="/opt/tools/bin/pip --python /opt/venv/bin/python install --no-compile --require-hashes" \
    && sed -n '/^torch==/,/[^\\]$/p' requirements.txt > torch.txt \
    && { $install --report torch.json --no-deps --index-url "$TORCH_INDEX" -r torch.txt \
         || { echo "NOTE: $TORCH_INDEX does not give $(head -n 1 torch.txt); pip's usual sources may give one with CUDA." \
              && $install --report torch.json --no-deps -r torch.txt; }; } \
    && $install --report rest.json -r requirements.txt

COPY deploy/image/slim.py core/models/hook_points.py ./
RUN python slim.py /opt/venv hook_points.py


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
COPY docs docs
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
RUN PYTHONPATH="$(echo /opt/tools/lib/python3*/site-packages)" \
        python /build/lighten.py /opt/grammar-neurons/cache/static

# What is in the image: a bill of materials, and the licences. A package that no lock names ends the build.
ARG VERSION
COPY deploy/image/inventory.py /build/
RUN HF_HOME=/opt/models GRAMMAR_NEURONS_SEED=/opt/grammar-neurons/cache python /build/inventory.py /opt/grammar-neurons \
        --version "$VERSION" --locks /build --report /build/torch.json --report /build/rest.json --nothing-else

# The commit that `--version` and exports name: .git is not here.
ARG REVISION=unknown
RUN if echo "$REVISION" | grep -Eqx '[0-9a-f]{40}|[0-9a-f]{64}'; then echo "$REVISION" > core/commit.txt; fi

# Some of these files only their owner, root, may read until here. From here on this is the user of the last stage.
COPY deploy/image/check.py /build/
RUN python -m compileall -q --invalidation-mode unchecked-hash /app \
    && chmod -R a+rX /app /opt/models /opt/grammar-neurons
USER 10001:10001
RUN HF_HOME=/opt/models HF_HUB_OFFLINE=1 HOME=/tmp GRAMMAR_NEURONS_CACHE=/tmp/cache \
    GRAMMAR_NEURONS_SEED=/opt/grammar-neurons/cache python /build/check.py


# --- What runs: Python, the environment, the app. All of it is root's and read-only to the user that runs it.
FROM ${PYTHON_IMAGE}

ARG VERSION
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="Grammar Neurons" \
      org.opencontainers.image.description="Which MLP neurons of a language model tell nouns from verbs, and does it hold up?" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.documentation="docs/how-to/containers.md"

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
