// Which host is meant: brought into one form once, before anything is compared, shown or looked up.
import { HyperRunError } from '#contracts';

/** A host in its one form: lower case, Punycode, IPv4 as four numbers, IPv6 in brackets, no dot at the end. */
export interface Host {
  readonly name: string;
  readonly port: number;
}

export interface BaseUrl extends Host {
  readonly secure: boolean;
  /** `''` or `/v1`: no slash at its end. */
  readonly path: string;
}

const NAME = /^(?:[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*|\[[0-9a-f:.]+\])$/;
const LONGEST_NAME = 253;
const PATH = /^(?:\/[A-Za-z0-9_.~:@$&+,=-]+)*$/;
/** What the parser of addresses would drop or take for the end of the host: nothing of it may be there to begin with. */
// oxlint-disable-next-line no-control-regex
const SUSPICIOUS = /[\0-\x20\x7f-\xa0\\]/;

/**
 * `name`, `name:port` or `[address]:port`, as somebody wrote it.
 * @throws HyperRunError network.invalid-host
 */
export const parseHost = (text: string, defaultPort: number): Host => {
  if (SUSPICIOUS.test(text) || /[/?#@%]/.test(text)) throw invalid(text);
  const url = parse(`http://${text}`);
  if (url === undefined) throw invalid(text);
  // The parser leaves the default port of http out: what stands at the end of the text decides.
  return { name: nameOf(url, text), port: /:0*80$/.test(text) ? 80 : url.port === '' ? defaultPort : Number(url.port) };
};

/**
 * The address that calls go below.
 * @throws HyperRunError network.invalid-host: not http or https, a user name, a query, a path with more than plain names
 */
export const parseBaseUrl = (text: string): BaseUrl => {
  const url = SUSPICIOUS.test(text) ? undefined : parse(text);
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) throw invalid(text);
  const path = url.pathname.replace(/\/+$/, '');
  if (url.username !== '' || url.password !== '' || /[?#@%]/.test(text) || !PATH.test(path)) throw invalid(text);
  const secure = url.protocol === 'https:';
  return { secure, name: nameOf(url, text), port: url.port === '' ? (secure ? 443 : 80) : Number(url.port), path };
};

/** As a plan shows it: the port only where it is not that of the protocol. */
export const shownHost = ({ name, port, secure }: BaseUrl): string =>
  port === (secure ? 443 : 80) ? name : `${name}:${port}`;

export const sameHost = (a: Host, b: Host): boolean => a.name === b.name && a.port === b.port;

/** Without the brackets of an IPv6 address, as it is connected to. */
export const connectName = ({ name }: Host): string => name.replaceAll(/^\[|\]$/g, '');

const parse = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

const nameOf = ({ hostname }: URL, text: string): string => {
  const name = hostname.replace(/\.$/, '');
  if (name.length > LONGEST_NAME || !NAME.test(name)) throw invalid(text);
  return name;
};

const invalid = (text: string) =>
  new HyperRunError(
    'network.invalid-host',
    `Expected a host such as api.example.com or an http(s) address without user, query and special characters, found ${JSON.stringify(text.slice(0, 200))}.`,
    {},
    'operator',
  );
