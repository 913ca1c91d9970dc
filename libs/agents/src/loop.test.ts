import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { AnyEvent, EventData, EventOf, Sha256 } from '#contracts';
import { LoopDetector, loopIn, type Done } from './loop.js';

type Action = Extract<AnyEvent['type'], `action.${string}`>;
const action = <T extends Action>(type: T, data: Omit<EventData<T>, 'attempt' | 'origin'>) =>
  ({ type, data: { attempt: 1, origin: 'observed', ...data } }) as EventOf<T>;

/** One after the other, so many milliseconds apart. */
const inTurn = (events: readonly AnyEvent[], apart = 10): Done[] =>
  events.map((event, index) => ({ event, at: index * apart }));
const times = <T>(count: number, make: (index: number) => T | readonly T[]): T[] =>
  Array.from({ length: count }, (_, index) => make(index)).flat() as T[];

const read = (path = 'docs/a.md', bytes = 100) => action('action.file-read', { path, bytes });
const page = (n: number) =>
  action('action.file-read', { path: 'docs/a.md', bytes: 100, lines: { from: n * 100, to: n * 100 + 99 } });
const write = (content: string, path = 'docs/a.md') =>
  action('action.file-written', { path, bytes: content.length, content: content.padEnd(64, '0') as Sha256 });
let calls = 0;
const run = (command: string, tail: string, exitCode = 0): AnyEvent[] => {
  const callId = `c${(calls += 1)}`;
  const output = { tail, bytes: tail.length };
  return [
    action('action.command-started', { callId, command }),
    action('action.command-finished', { callId, exitCode, durationMs: 1, output }),
  ];
};
const called = (summary: string, outcome: string, status: 'finished' | 'failed'): AnyEvent[] => {
  const callId = `c${(calls += 1)}`;
  return [
    action('action.tool-called', { callId, tool: 'execute', summary, status: 'started' }),
    action('action.tool-called', { callId, tool: 'execute', summary: `${summary} · ${outcome}`, status }),
  ];
};
const say = (text: string) => action('action.message-said', { text });

describe('an agent that goes in circles', () => {
  it.each<[string, readonly AnyEvent[], string, RegExp]>([
    [
      'reads the same',
      times(8, () => read()),
      'repetition',
      /^It did the same 8 times, with the same result: read docs\/a\.md\.$/,
    ],
    [
      'runs the same with the same result, saying so',
      times(8, () => [say('Once more.'), ...run('ls', 'a')]),
      'repetition',
      /: ls\.$/,
    ],
    [
      'runs what fails, each time at another time',
      times(8, (n) => run('npm test', `1 failed in 0.${n} s`, 1)),
      'repetition',
      /: npm test\.$/,
    ],
    [
      'is told of what failed as if it had worked, with another time in it',
      times(8, (n) => called('npm x', `log of 2026-11-26T07_11_4${n}_170Z`, 'finished')),
      'repetition',
      /execute npm x/,
    ],
    [
      'is refused the same by a tool of its own',
      times(8, () => called('rm x', 'no such file', 'failed')),
      'repetition',
      /: execute rm x\.$/,
    ],
    [
      'goes to and fro',
      times(8, () => [read('docs/a.md'), read('docs/b.md')]),
      'rounds',
      /^It goes round in 2 steps, 13 in all/,
    ],
    ['reads the same page', times(8, () => page(2)), 'repetition', /: read docs\/a\.md:200-299\.$/],
    ['goes round', times(9, () => [read('docs/a.md'), ...run('ls', 'a'), read('docs/b.md')]), 'rounds', /in 3 steps/],
    ['writes what was there before, in turn', times(9, () => [write('a'), write('b')]), 'rounds', /write docs\/a\.md/],
    [
      'fails whatever it does',
      times(20, (n) => run(`try ${n}`, `no ${'x'.repeat(n)}`, 1)),
      'errors',
      /^20 of its calls failed in a row/,
    ],
  ])('is noticed when it %s', (_, events, kind, text) => {
    expect(loopIn(inTurn(events))).toEqual({ kind, text: expect.stringMatching(text) });
    // Not before the very last action of it.
    expect(loopIn(inTurn(events.slice(0, kind === 'rounds' ? events.length / 2 : -1)))).toBeUndefined();
  });

  it.each<[string, readonly AnyEvent[], number?]>([
    ['follows a run that goes on', times(200, (n) => run('tail -1 log', `${n} of 200 tests passed`))],
    [
      'follows what another one reports of such a run',
      times(200, (n) => called('tail -1 log', `${n} of 200 tests passed`, 'finished')),
    ],
    ['waits for what takes its time', times(50, () => run('wait-for-tests', 'still running')), 2000],
    ['pages through a long file whose lines are all of one length', times(50, (n) => page(n))],
    [
      'looks at the same place after each of its edits, and tests them',
      times(50, (n) => [write(`${n}`), page(3), ...run('npm test', '1 failed', 1), page(3)]),
    ],
    ['reads many files', times(300, (n) => read(`docs/${n}.md`))],
    ['reads all files twice', times(2, () => times(100, (n) => read(`docs/${n}.md`)))],
    [
      'writes other contents each time, and tests them',
      times(50, (n) => [write(`${n}`), ...run('npm test', '1 failed', 1)]),
    ],
    ['looks at what it has changed, each time', times(50, (n) => [read(), write(`${n}`), read()])],
    ['tries seven times', times(7, () => run('npm test', '1 failed', 1))],
    [
      'tries seven times after each change',
      times(5, (n) => [write(`${n}`), ...times(7, () => run('npm test', '1 failed', 1))]),
    ],
    ['says the same again and again', times(100, () => say('Working …'))],
    [
      'fails often, and works in between',
      times(50, (n) => [...times(9, () => run(`no ${n}`, 'x'.repeat(n), 1)).slice(0, 14), ...run(`yes ${n}`, 'ok')]),
    ],
    [
      'is told how a call of its own goes on',
      times(100, () => action('action.tool-called', { callId: 'one', tool: 'x', summary: 'x', status: 'started' })),
    ],
  ])('is not meant when it %s', (_, events, apart = 10) => expect(loopIn(inTurn(events, apart))).toBeUndefined());

  it('may go on when a person says so, and is noticed again when it does so twice as often', () => {
    const detector = new LoopDetector();
    const again = (count: number) =>
      times(count, () => detector.take({ event: read(), at: 0 })).map((loop) => loop !== undefined);
    expect(again(8)).toEqual([...times(7, () => false), true]);
    detector.forgive();
    expect(again(15)).toEqual([...times(14, () => false), true]);
  });
});

describe('whatever an agent does', () => {
  const step = fc.oneof(
    fc.nat(5).map((n) => read(`docs/${n}.md`)),
    fc
      .tuple(fc.nat(3), fc.nat(3), fc.boolean())
      .map(([command, tail, fails]) => run(`run ${command}`, `out ${'x'.repeat(tail)}`, fails ? 1 : 0)),
  );
  const steps = (of = step, least = 1, most = 6) =>
    fc.array(of, { minLength: least, maxLength: most }).map((some) => some.flat());
  const ended = (events: readonly AnyEvent[]) => events.filter(({ type }) => type !== 'action.command-started').length;

  it('is found when it repeats the same steps without an end, whatever came before', () =>
    fc.assert(
      fc.property(steps(step, 0, 12), steps(), (before, round) => {
        const circles = times(8 * (ended(before) + ended(round) + 1), () => round);
        expect(loopIn(inTurn([...before, ...circles]))).toBeDefined();
      }),
    ));
  it('is no circle as long as every round makes something new', () =>
    fc.assert(
      fc.property(steps(), fc.integer({ min: 1, max: 60 }), (round, rounds) => {
        const events = times(rounds, (n) => [write(`new ${n}`), ...round.slice(0, 12)]);
        expect(loopIn(inTurn(events))).toBeUndefined();
      }),
    ));
  it('is no circle as long as every answer that works is new', () =>
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 200 }), (commands) => {
        const events = commands.flatMap((command, n) => run(`run ${command}`, `line ${n}`));
        expect(loopIn(inTurn(events))).toBeUndefined();
      }),
    ));
});

describe('what was recorded of agents of other people', () => {
  interface Line {
    readonly time: number;
    readonly type: AnyEvent['type'];
    readonly data: AnyEvent['data'];
  }
  const recorded = (name: string): Done[] =>
    readFileSync(new URL(`./recorded/${name}.ndjson`, import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
      .map(({ time, type, data }) => ({ event: { type, data } as AnyEvent, at: time }));

  it('is no circle where OpenCode tests, waits, looks again and mends', () =>
    expect(loopIn(recorded('opencode-works'))).toBeUndefined());
  it.each([
    ['opencode-circles', 'rounds'],
    ['opencode-fails', 'repetition'],
  ])('is one in %s, and found at its end', (name, kind) => {
    const actions = recorded(name);
    expect(loopIn(actions)).toMatchObject({ kind });
  });
});
