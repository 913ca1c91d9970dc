// Values that nothing that leaves this process may show: events, artefacts, answers, its log. The one place that knows them.
import { maskKnown, secretForms } from '#contracts';
import type { Environment } from './config.js';
import { passwordsIn } from './redis-url.js';

let known: readonly string[] = [];

/** All that is remembered so far. */
export const knownSecrets = (): readonly string[] => known;

/** What is too short or too plain to be told from ordinary text is not remembered: it would be found everywhere. */
export const rememberSecrets = (values: readonly (string | undefined)[]): void => {
  const added = values.filter((value) => value !== undefined && isDistinctive(value) && !known.includes(value));
  if (added.length > 0) known = [...new Set([...known, ...added])] as readonly string[];
};

export const withoutSecrets = (text: string): string => maskKnown(text, known);

/** The same bytes where there is nothing to mask. */
export const bytesWithoutSecrets = (bytes: Buffer): Buffer =>
  secretForms(known).some((form) => bytes.includes(form))
    ? Buffer.from(maskKnown(bytes.toString('latin1'), known.map(asLatin1)), 'latin1')
    : bytes;

const asLatin1 = (text: string): string => Buffer.from(text).toString('latin1');

const isDistinctive = (value: string): boolean =>
  value.length >= 12 || (value.length >= 8 && /\d/.test(value) && /[A-Za-z]/.test(value));

/** Variables of others that by their name hold a secret; where one holds a path, the secret is in the file. */
const SECRET_NAME = /(?:^|_)(?:KEY|APIKEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i;

/** What an environment holds that must not be told: the password of Redis, the token, and whatever is named like a secret. */
export const secretsOf = (env: Environment): (string | undefined)[] => [
  ...passwordsIn(env['REDIS_URL'] ?? ''),
  ...Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && SECRET_NAME.test(name) && !value.startsWith('/') ? [value] : [],
  ),
];
