/** Who must act: the caller (wrong input), anyone by trying again (conflict), the caller with the same command id
 *  (outcome unknown), the operator (corruption, set-up). */
export type Actor = 'caller' | 'retry' | 'same-command' | 'operator';

/**
 * An error with a stable code. The message says what was expected, what was found and what to do.
 * Recognised by its code, not by `instanceof`, so that it survives a process border.
 */
export class HyperRunError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    readonly actor: Actor = 'caller',
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'HyperRunError';
  }
}

export const isHyperRunError = (error: unknown, code?: string): error is HyperRunError =>
  error instanceof Error &&
  'code' in error &&
  error.name === 'HyperRunError' &&
  (code === undefined || error.code === code);
