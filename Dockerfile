# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json nest-cli.json .swcrc rolldown.config.js ./
COPY src src
COPY libs libs
COPY cli cli
COPY web web
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
# git works on the repositories; bubblewrap confines what verification runs; redis serves when REDIS_URL is not set.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends git bubblewrap redis-server tini \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY examples examples
RUN install --directory --owner=node --group=node --mode=0700 /data \
  && install --directory --owner=node --group=node /repositories
USER node
ENV NODE_ENV=production \
  HYPER_RUN_HOST=0.0.0.0 \
  HYPER_RUN_DATA_DIR=/data \
  HYPER_RUN_REPOSITORIES=/repositories
VOLUME ["/data"]
EXPOSE 7420
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=5 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7420/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "dist/service/main.js"]
