# One image for the api and the worker. Any builder makes it: docker build ., podman build ., buildah bud, or script/image.
# docs/adr/0017-one-image.md has the reasons and what it weighs.
#
# BASE needs Node.js 24.12 or newer and the shared libraries of it, nothing else; BUILD_BASE needs npm, a shell and find besides.
ARG BASE=docker.io/library/node:26.10.0-trixie-slim
ARG BUILD_BASE=${BASE}

# The package.json files alone, so that a change of a source leaves the installed packages in the builder's cache.
FROM ${BUILD_BASE} AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY apps apps
COPY packages packages
RUN find apps packages -type f ! -name package.json -exec rm {} +

FROM ${BUILD_BASE} AS packages
WORKDIR /app
COPY --from=manifests /app ./
# No install script of a package runs. Where the registry is a mirror or wears a certificate of its own, the npmrc and the
# CA certificates of whoever builds come in as secrets; neither is required and neither stays. An optional peer brings the
# TypeScript compiler, which nothing runs; Node reads neither declarations nor source maps.
RUN --mount=type=secret,id=npmrc,target=/run/secrets/npmrc \
    --mount=type=secret,id=ca,target=/run/secrets/ca \
    --mount=type=cache,id=repl-orchestrator-npm,target=/var/cache/npm \
    NPM_CONFIG_USERCONFIG=/run/secrets/npmrc NODE_EXTRA_CA_CERTS=/run/secrets/ca \
    npm ci --ignore-scripts --omit=dev --workspace=@repl/api --workspace=@repl/worker \
      --cache=/var/cache/npm --prefer-offline --no-audit --no-fund \
 && rm -rf node_modules/typescript node_modules/@typescript node_modules/.bin \
 && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -exec rm {} +

# Which commit it is made of, for the processes to say; script/image knows it. By a RUN, the one instruction for which every
# builder's cache looks at the arguments.
FROM ${BUILD_BASE} AS build
ARG BUILD_COMMIT=unknown
RUN printf '{ "commit": "%s" }\n' "$BUILD_COMMIT" > /build.json

FROM ${BASE}
# Loopback would be the container's own. The api therefore asks for AUTH_MODE to be set.
ENV NODE_ENV=production HOST=0.0.0.0 OPS_HOST=0.0.0.0
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY LICENSE package.json service.yaml user-namespace.yaml ./
COPY packages packages
COPY apps apps
COPY --from=build /build.json ./
# By number: Kubernetes cannot tell that a name is not root (runAsNonRoot).
USER 65532:65532
EXPOSE 3002 3003 3004
# Node is process 1 and gets the signals. The api by default; the worker with the argument apps/worker/src/main.ts.
ENTRYPOINT ["node"]
CMD ["apps/api/src/main.ts"]
# script/image adds the version, the commit, its time and the source.
LABEL org.opencontainers.image.title="Repl Orchestrator" \
      org.opencontainers.image.description="The api and the worker that turn a user's repl into a running workspace on Kubernetes." \
      org.opencontainers.image.licenses="Apache-2.0"
