# motifmine in a container, for files of people you do not trust:
#   docker build -t motifmine .
#   docker run --rm --network none --read-only --tmpfs /tmp --user 12345 -v "$PWD:/data" motifmine demo
# With torch, and on an NVIDIA GPU:
#   docker build --build-arg EXTRAS=[tcae] -t motifmine:cuda .
#   docker run --rm --gpus all ... motifmine:cuda fit --model tcae --device cuda
FROM python:3.11-slim
ARG EXTRAS=
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt ".$EXTRAS" && rm -rf /src
# compiled kernels go where any user can write, and the root file system may be read-only
ENV NUMBA_CACHE_DIR=/tmp/numba HOME=/tmp PYTHONDONTWRITEBYTECODE=1
RUN useradd --create-home --uid 1000 motifmine
USER motifmine
WORKDIR /data
ENTRYPOINT ["motifmine"]
