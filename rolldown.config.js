import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = join(dirname(fileURLToPath(import.meta.url)), 'dist');
const TO = join(DIST, 'service');

/** What a module of ours reads beside itself (scripts, prompts, pages) stays where it is: it is told where that was. */
const besideItself = {
  name: 'beside-itself',
  transform: (code, id) =>
    id.startsWith(DIST) && code.includes('import.meta.url')
      ? code.replaceAll('import.meta.url', `new URL(${JSON.stringify(relative(TO, id))}, import.meta.url).href`)
      : undefined,
};

/**
 * The service and all that it uses in a few files: 3,000 modules, looked for and read one by one, are two thirds of a start.
 * What Nest would use if it were installed stays an import that nobody reaches.
 */
export default {
  input: { main: join(DIST, 'src', 'service.js') },
  platform: 'node',
  transform: { define: { __dirname: 'import.meta.dirname' } },
  plugins: [besideItself],
  onLog: (level, log, handle) => {
    if (log.code !== 'UNRESOLVED_IMPORT') handle(level, log);
  },
  output: { dir: TO, format: 'esm', keepNames: true },
};
