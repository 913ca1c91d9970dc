import { HyperRunError } from '#contracts';
import { fold, validatePath } from './path-syntax.js';
import { compilePattern } from './pattern.js';
import { protectionOf } from './protected.js';

export interface ScopeOptions {
  /** What may be changed at all. At least one. */
  readonly patterns: readonly string[];
  /** Literal paths of a task, narrower than the patterns: where given, both must allow a path. */
  readonly paths?: readonly string[];
  /** Protected paths that may be changed all the same: exact, and inside patterns and paths like any other. */
  readonly grants?: readonly string[];
  /** Patterns that are protected besides the ones that always are. */
  readonly protect?: readonly string[];
}

export type ScopeDecision =
  { readonly allowed: true } | { readonly allowed: false; readonly rule: string; readonly reason: string };

export interface Scope {
  readonly patterns: readonly string[];
  readonly paths: readonly string[] | undefined;
  readonly grants: readonly string[];
  readonly protect: readonly string[];
  /** May this path be created, changed or deleted? Rules: `path.*`, `protected.*`, `outside-scope`, `outside-task`. */
  check(path: string): ScopeDecision;
}

/**
 * Compiles a scope once. It cannot be changed afterwards.
 * @throws HyperRunError scope.invalid-pattern, scope.invalid-path (a path or grant that no agent may name)
 */
export const compileScope = (options: ScopeOptions): Scope => {
  if (options.patterns.length === 0) {
    throw new HyperRunError('scope.invalid-pattern', 'A scope needs at least one pattern, for example "docs/**".', {
      pattern: '',
    });
  }
  const patterns = options.patterns.map(compilePattern);
  const paths = options.paths && new Set(options.paths.map(literal));
  const grants = new Set((options.grants ?? []).map(literal));
  const protect = (options.protect ?? []).map((pattern) => compilePattern(fold(pattern)));

  const check = (path: string): ScopeDecision => {
    const fault = validatePath(path);
    if (fault) return denied(fault.rule, fault.reason);
    const shown = JSON.stringify(path);
    if (!patterns.some((matches) => matches(path))) {
      return denied('outside-scope', `${shown} is outside the scope ${JSON.stringify(options.patterns)}.`);
    }
    if (paths && !paths.has(path)) return denied('outside-task', `${shown} is not one of the paths of this task.`);
    if (grants.has(path)) return { allowed: true };
    const what = protectionOf(path);
    if (what !== undefined)
      return denied(`protected.${what}`, `${shown} is protected (${what}); only an exact grant in the plan lifts it.`);
    if (protect.some((matches) => matches(fold(path)))) {
      return denied('protected.configured', `${shown} is protected by the configuration of the repository.`);
    }
    return { allowed: true };
  };
  return Object.freeze({
    patterns: [...options.patterns],
    paths: paths && [...paths],
    grants: [...grants],
    protect: [...(options.protect ?? [])],
    check,
  });
};

const denied = (rule: string, reason: string): ScopeDecision => ({ allowed: false, rule, reason });

const literal = (path: string): string => {
  const fault = validatePath(path);
  if (!fault) return path;
  throw new HyperRunError('scope.invalid-path', `A path of a scope is not valid: ${fault.reason}`, {
    path,
    rule: fault.rule,
  });
};

export const scopeViolation = (path: string, rule: string, reason: string) =>
  new HyperRunError('scope.violated', reason, { path, rule });
