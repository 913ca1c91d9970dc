import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin, type ProxyOptions } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const libs = join(here, '../libs');
const target = process.env.HYPER_RUN_URL ?? 'http://127.0.0.1:7420';

/** The service behind the development server, as its owner: the browser has no session there. */
const service = (): ProxyOptions => ({
  target,
  changeOrigin: true,
  configure: (proxy) =>
    proxy.on('proxyReq', (request) => {
      request.removeHeader('origin');
      request.setHeader('authorization', `Bearer ${token()}`);
    }),
});

const token = (): string => {
  const data = process.env.XDG_DATA_HOME ?? join(homedir(), '.local/share');
  const directory = process.env.HYPER_RUN_DATA_DIR ?? join(data, 'hyper-run');
  return process.env.HYPER_RUN_TOKEN ?? readFileSync(join(directory, 'token'), 'utf8').trim();
};

const ROUTES = ['agents', 'alerts', 'events', 'findings', 'hafs', 'health', 'hyper-running', 'repositories', 'session'];

/** An alias does not reach what Node brings with it. */
const withoutCrypto: Plugin = {
  name: 'without-node-crypto',
  enforce: 'pre',
  resolveId: (id) => (id === 'node:crypto' ? join(here, 'src/no-crypto.ts') : undefined),
};

export default defineConfig({
  root: here,
  plugins: [withoutCrypto],
  resolve: {
    alias: readdirSync(libs).map((name) => ({ find: `#${name}`, replacement: join(libs, name, 'src/index.ts') })),
  },
  build: {
    outDir: join(here, '../dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    // Everything is a file of its own: the policy of the page allows no inline code.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Served by the machine it is used on, and kept by the browser: one file is read once.
    chunkSizeWarningLimit: 480,
    // What a page does not use of a library stays away, its schemas too.
    rolldownOptions: {
      treeshake: { moduleSideEffects: (id) => !id.startsWith(libs) },
      // `use client` of libraries says nothing here: everything is for the client.
      onwarn: (warning, warn) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && warn(warning),
    },
  },
  server: { proxy: Object.fromEntries(ROUTES.map((route) => [`/${route}`, service()])) },
});
