import type { AnyEvent, EventData, Question, Range, Sha256, SpentBudget } from '#contracts';
import type { SearchResult } from '#hafs';
import type { Loop } from './loop.js';
import type { RemoteDesk } from './remote-work.js';
import type { AgentWorkspace, ModelAccess } from './workplace.js';

/**
 * All that an agent can do. Every call is an event that its worker writes, waits while the sprint is paused, counts as
 * progress, and fails once the attempt is over. What it refuses throws `tool.refused`; the third refusal ends the attempt.
 */
export interface Toolbox {
  /** Places in the repository that answer a question, the best first. Knows the base commit, not what was written since. */
  query(text: string, limit?: number): Promise<readonly SearchResult[]>;
  /**
   * The text of a file, or only some of its lines; undefined if there is no such file.
   * @throws HyperRunError tool.refused (it may hold secrets), tool.not-text
   */
  read(path: string, range?: Pick<Range, 'startLine' | 'endLine'>): Promise<string | undefined>;
  /** Paths of all files, sorted, below a folder if one is given. */
  list(prefix?: string): Promise<readonly string[]>;
  /** Creates or replaces a file. @throws HyperRunError tool.refused (out of scope, protected, too large) */
  write(path: string, content: string): Promise<void>;
  /**
   * Replaces the one place at which `oldText` stands.
   * @throws HyperRunError tool.refused, tool.edit-mismatch (not there, or more than once)
   */
  edit(path: string, oldText: string, newText: string): Promise<void>;
  /** @throws HyperRunError tool.refused, tree.not-found */
  delete(path: string): Promise<void>;
  /**
   * Applies a unified diff, as `git diff` writes it, to the files as they are now. Resolves with their paths. All of it or nothing;
   * in a sandbox, where programs change the tree, too, what was done before one of its files was refused stays.
   * @throws HyperRunError tool.refused (one of its files is out of scope, protected …), tool.patch-mismatch {path}
   */
  patch(diff: string): Promise<readonly string[]>;
  /** Runs a shell command on a copy of the tree, in the sandbox. What it changes is not kept. @throws HyperRunError tool.no-sandbox */
  run(command: string): Promise<CommandResult>;
  /** Tells the people who watch what is being done. */
  say(text: string, kind?: EventData<'action.message-said'>['kind']): Promise<void>;
  /**
   * Asks the person who watches over the sprint. The task is blocked until there is an answer, and its clocks stand still.
   * @throws HyperRunError tool.nobody-to-ask (unattended), agent.unanswered (too late, and the policy is to fail)
   */
  ask(text: string, options?: Question['options']): Promise<Answer>;
}

export interface Answer {
  /** Which of the options. */
  readonly choice?: string;
  readonly text: string;
  /** Nobody answered in time: the agent is to decide for itself. */
  readonly timedOut: boolean;
}

/** What a model call used, as its provider counts; cost in US dollars, 0 where no price is known. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost: number;
}

export interface CommandResult {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly output: string;
  readonly durationMs: number;
}

/** The tree that an agent changes; a change outside the scope throws `scope.violated` {path, rule}. */
export interface TaskTree {
  read(path: string): Promise<Buffer | undefined>;
  write(path: string, content: Buffer | string): Promise<void>;
  delete(path: string): Promise<void>;
  list(prefix?: string): Promise<readonly string[]>;
  /** Remembers how it is now: what this returns puts that back, past all limits. Absent where programs change it, too. */
  mark?(): () => void;
  /** Whether a path may be changed, without doing it. Absent: only trying tells. @throws HyperRunError scope.violated */
  check?(path: string): void;
}

/** What a worker gives to the tools of one attempt. */
export interface ToolPorts {
  readonly tree: TaskTree;
  readonly attempt: number;
  /** Tool calls and reported events together. */
  readonly maxCalls: number;
  /** Waits until a person grants more, and resolves with the new limit. Absent: the limit ends the attempt. */
  readonly overBudget?: (spent: SpentBudget) => Promise<number>;
  /** Resolves when it may go on all the same, rejects with `agent.looping` when not. Absent: it may not. */
  readonly looping?: (loop: Loop) => Promise<void>;
  /** Counts what a model call used; at a limit it waits for a person. */
  readonly spend?: (usage: Usage) => Promise<void>;
  readonly ask?: (question: Question) => Promise<Answer>;
  /** Where the other side of a remote agent is let in. */
  readonly remote?: RemoteDesk;
  /** The sandbox of an agent that is a program of its own. */
  readonly workspace?: AgentWorkspace;
  /** How a program in the sandbox reaches its model: through the service, which alone has the key. */
  readonly model?: ModelAccess;
  readonly signal: AbortSignal;
  /** Writes a fact of the attempt. */
  readonly emit: (event: AnyEvent) => void | Promise<void>;
  /** Writes that a call was refused. */
  readonly refuse: (refusal: EventData<'task.tool-refused'>) => void | Promise<void>;
  readonly search?: (text: string, limit: number) => Promise<readonly SearchResult[]>;
  readonly sandboxRun?: (command: string, signal: AbortSignal) => Promise<CommandResult>;
  /** Told when a call begins to do its work; what it returns is called when that has ended. */
  readonly begin?: () => () => void;
  /**
   * Aborts after so many milliseconds of work, unless `until` aborts before: time in which the task stands still does not count.
   * Absent: all time counts.
   */
  readonly abortAfter?: (ms: number, until: AbortSignal) => AbortSignal;
  /** Resolves when the sprint is not paused. */
  readonly gate?: () => Promise<void>;
  readonly progress?: (note?: string) => void;
  /** Keeps bytes by their SHA-256: written files, and outputs that are too long for an event. */
  readonly keep?: (content: Buffer) => Promise<Sha256>;
  /** Paths that the configuration forbids to read; files that commonly hold secrets are never read. */
  readonly unreadable?: (path: string) => boolean;
  /** Values that no event may show. */
  readonly secrets?: readonly string[];
}
