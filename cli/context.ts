import { findAddress } from './address.js';
import { showPage } from './browser.js';
import { ServiceClient } from './client.js';
import { styleFor, type Style } from './render/style.js';
import { toJson } from './text.js';

/** What a command may touch of the world around it. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly style: Style;
  /** A person can be asked. */
  readonly interactive: boolean;
  /** Ends with the first Ctrl-C; a second one kills. */
  readonly signal: AbortSignal;
  readonly line: (text?: string) => void;
  readonly lines: (texts: readonly string[]) => void;
  /** For messages beside the result. */
  readonly note: (text: string) => void;
  readonly json: (value: unknown, indent?: number) => void;
  /** Bytes as they are: for files and pipes, never for a terminal. */
  readonly raw: (text: string) => void;
  /** Shows a page on the screen of a person who can be asked; false where there is none. */
  readonly showPage: (url: string) => boolean;
  /** The running service; exit 3 when there is none. `verbatim` for `--json`. */
  readonly connect: (texts?: 'clean' | 'verbatim') => Promise<ServiceClient>;
}

export const texts = (options: { readonly json?: boolean }) => (options.json ? 'verbatim' : 'clean');

/** `isTTY` is not false in a pipe, it is absent. */
const isTerminal = ({ isTTY }: { readonly isTTY?: boolean }): boolean => isTTY === true;

/** The process as a context. Colours: on a terminal, unless NO_COLOR is set. */
export const processContext = (): Context => {
  const { stdout, stderr, stdin, env } = process;
  const colours = env.FORCE_COLOR !== undefined || (isTerminal(stdout) && !env.NO_COLOR && env.TERM !== 'dumb');
  const interactive = isTerminal(stdin) && isTerminal(stdout) && !env.CI;
  const print = (text: string) => void stdout.write(text);
  return {
    env,
    cwd: process.cwd(),
    style: styleFor(colours),
    interactive,
    signal: interruption(),
    line: (text = '') => print(`${text}\n`),
    lines: (all) => print(all.map((text) => `${text}\n`).join('')),
    note: (text) => void stderr.write(`${text}\n`),
    json: (value, indent) => print(`${toJson(value, indent)}\n`),
    raw: print,
    showPage: (url) => interactive && showPage(url, env),
    connect: async (mode = 'clean') => new ServiceClient(await findAddress(env), mode),
  };
};

/** Ctrl-C, a closed terminal, a pipe that nobody reads any more: whatever was started is still ended properly. */
const interruption = (): AbortSignal => {
  const controller = new AbortController();
  const end = () => controller.abort();
  process.once('SIGINT', end).once('SIGTERM', end).once('SIGHUP', end);
  process.stdout.on('error', end);
  process.stderr.on('error', end);
  return controller.signal;
};
