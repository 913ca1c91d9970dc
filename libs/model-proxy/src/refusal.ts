import { isHyperRunError } from '#contracts';

/** What the proxy itself answers, in a form in which the programs of all providers find the message. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

const STATUS: Readonly<Record<string, number>> = {
  'model.key-wrong': 401,
  'model.request-refused': 403,
  'model.request-malformed': 400,
  'model.request-too-large': 413,
  'model.unreachable': 502,
  'model.timed-out': 504,
  'model.redirected': 502,
  'model.unreadable': 502,
  'network.unknown-host': 502,
  'network.forbidden-address': 403,
};

/** Undefined: the error is not about this one call, but ends the attempt or waits for a person. */
export const refusalOf = (error: unknown): Refusal | undefined => {
  const status = isHyperRunError(error) ? STATUS[error.code] : undefined;
  return status === undefined || !isHyperRunError(error) ? undefined : refusal(status, error.code, error.message);
};

export const refusal = (status: number, code: string, message: string): Refusal => ({
  status,
  body: JSON.stringify({ type: 'error', error: { type: code, code, status: code, message } }),
});
