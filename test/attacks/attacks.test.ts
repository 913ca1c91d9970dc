import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RemoteWork } from '#agents';
import { IsolationLevel } from '../../src/isolation/isolation-level.port.js';
import {
  meansOf,
  type Alone,
  type Attack,
  type Collected,
  type Denied,
  type GateCase,
  type MemoryCase,
  type SandboxCase,
  type ServiceCase,
} from './attack.js';
import { named, Place, type Sandbox } from './place.js';
import { ATTACKS } from './table/index.js';

/** In the environment of whoever starts the service: nothing of it may get in. */
const SECRET = {
  HYPER_RUN_ATTACK: 'secret',
  BASH_ENV: '/nonexistent/bash-env',
  PYTHONSTARTUP: '/nonexistent/start.py',
};

const isolated = (await new IsolationLevel({}).measured()).bwrap !== undefined;
/** Where nothing confines, a sandbox refuses to open: there is nothing to attack. That a missing layer makes it refuse is told. */
const describeSandbox = isolated || process.env['HYPER_RUN_MUTATION'] !== undefined ? describe : describe.skip;

let place: Place;
beforeAll(async () => {
  Object.assign(process.env, SECRET);
  place = await Place.open();
});
afterAll(async () => {
  for (const name of Object.keys(SECRET)) delete process.env[name];
  await place.close();
});

const casesOf = <T>(column: readonly T[] | string): readonly T[] => (typeof column === 'string' ? [] : column);
const title = ({ number, attack }: Attack) => `attack ${number}, that ${attack}`;

describe('the catalogue of attacks', () => {
  it('is whole, and each attack meets something somewhere', () => {
    expect(ATTACKS.map(({ number }) => number)).toEqual(Array.from({ length: 74 }, (_, index) => index + 1));
    for (const { memory, sandbox, gate, service = [] } of ATTACKS)
      expect([memory, sandbox, gate].flatMap(casesOf<unknown>).length + service.length).toBeGreaterThan(0);
  });

  it('says of each how an agent of other people carries it out, or why none can', () => {
    const means = ATTACKS.map((attack) => [attack.number, meansOf(attack)] as const);
    expect(means.filter(([, mean]) => mean === undefined)).toEqual([]);
    expect(means.filter(([, mean]) => typeof mean === 'object').map(([number]) => number)).toEqual([11, 16, 35, 70, 71]); // prettier-ignore
  });
});

describe('on a tree in memory', () => {
  const carriedOut = async ({ action, patterns }: MemoryCase, path: string) => {
    const tree = await place.tree(patterns);
    if (action === 'write') await tree.write(path, 'x\n');
    else await tree.delete(path);
    return tree.changes().map((change) => change.path);
  };
  const withCases = ATTACKS.filter(({ memory }) => typeof memory !== 'string');
  it.each(withCases.map((attack) => [title(attack), attack] as const))('%s is refused', async (_, { memory }) => {
    for (const one of casesOf<MemoryCase>(memory)) {
      const details = { path: one.path, rule: one.rule };
      await expect(carriedOut(one, one.path)).rejects.toMatchObject({ code: 'scope.violated', details });
      expect(await carriedOut(one, one.but)).toEqual([one.but]);
    }
  });
});

/** What lives elsewhere asks for it by a message, or hands it in as a diff. */
describe('by a remote agent', () => {
  const REFUSED = /^(tool\.refused (scope\.violated|tool\.unreadable)|tool\.patch-mismatch)$/;
  /** As a call it does not get to a tool. */
  const NO_PATH = /^(request\.invalid|tool\.refused scope\.violated|tool\.patch-mismatch)$/;
  const isPath = (path: string) => path !== '' && path.length <= 1024;
  const asAct =
    ({ action }: MemoryCase, path: string) =>
    (work: RemoteWork) =>
      work.act(action, { path, ...(action === 'write' ? { content: 'x\n' } : {}) });
  const asPatch = async ({ action, patterns }: MemoryCase, path: string) => {
    const there = (await (await place.tree(patterns)).read(path))?.toString();
    const patch = diffOf(path, there, action === 'write' ? 'x\n' : undefined);
    return (work: RemoteWork) => work.submit({ outcome: 'done', summary: 'Done.' }, patch);
  };
  const all = ATTACKS.flatMap((attack) =>
    casesOf<MemoryCase>(attack.memory).map((one) => [`${title(attack)} (${one.action})`, one] as const),
  );
  it.each(all)('%s is refused, as a call and as a patch', async (_, one) => {
    for (const how of [asAct, asPatch]) {
      const denied = await place.remotely(one.patterns, await how(one, one.path));
      const met = [denied.error?.code, ...denied.refusals.map(({ code }) => code)].join(' ');
      expect(met).toMatch(isPath(one.path) ? REFUSED : NO_PATH);
      expect(denied.changes).toEqual([]);
      expect(await place.remotely(one.patterns, await how(one, one.but))).toEqual({ refusals: [], changes: [one.but] });
    }
  });
});

/** As git writes it, of a file of one line or none. */
const diffOf = (path: string, before: string | undefined, after: string | undefined): string => {
  const name = (prefix: string) => (/[\\"\p{Cc}]/u.test(path) ? JSON.stringify(prefix + path) : prefix + path);
  const sides = [before === undefined ? '/dev/null' : name('a/'), after === undefined ? '/dev/null' : name('b/')];
  const lines = (text = '') => text.split('\n').slice(0, -1);
  const [from, to] = [lines(before), lines(after)];
  const span = ({ length }: readonly string[]) => `${length === 0 ? 0 : 1},${length}`;
  const hunk = [
    `@@ -${span(from)} +${span(to)} @@`,
    ...from.map((line) => `-${line}`),
    ...to.map((line) => `+${line}`),
  ];
  return [`--- ${sides[0]}`, `+++ ${sides[1]}`, ...hunk, ''].join('\n');
};

/** Whose cases share a sandbox: with the docs as its scope, or everything. */
const batches = [false, true].map((everywhere) => {
  const shared = ATTACKS.flatMap((attack) =>
    casesOf<SandboxCase>(attack.sandbox)
      .filter((one): one is Denied | Collected => one.kind !== 'alone' && one.everywhere === everywhere)
      .map((one) => [title(attack), one] as const),
  );
  return { scope: everywhere ? '**' : 'docs/**', shared };
});

describeSandbox.each(batches)('in a sandbox with the scope $scope', ({ scope, shared }) => {
  interface Ended {
    readonly each: Awaited<ReturnType<Sandbox['each']>>;
    readonly collected: Awaited<ReturnType<Sandbox['collect']>>;
  }
  const endOf = async (scripts: readonly string[]): Promise<Ended> => {
    const sandbox = await place.openSandbox([scope]);
    try {
      return { each: await sandbox.each(scripts), collected: await sandbox.collect() };
    } finally {
      await sandbox.close();
    }
  };
  let honest: Ended;
  let hostile: Ended;
  beforeAll(async () => {
    honest = await endOf(shared.map(([, { but }]) => but));
    hostile = await endOf(shared.map(([, { attempt }]) => attempt));
  });

  const numbered = shared.map(([name, one], index) => ({ name, one, index }));
  const namesOf = (one: Denied | Collected) =>
    one.kind === 'collected' ? one.finds.map(([path, rule]) => named(path, rule)) : [];
  const alsoHonest = ({ but }: Denied | Collected, index: number) =>
    expect({ but, ...honest.each[index] }).toMatchObject({ exitCode: 0 });

  const attempts = numbered.flatMap(({ name, one, index }) =>
    one.kind === 'denied' ? [[name, one.by, one, index] as const] : [],
  );
  it.each(attempts)('%s is stopped: %s', (_, __, one, index) => {
    alsoHonest(one, index);
    expect({ attempt: one.attempt, ...hostile.each[index] }).not.toMatchObject({ exitCode: 0 });
  });

  const leftovers = numbered.flatMap(({ name, one, index }) =>
    one.kind === 'collected' ? [[name, one.by, one, index] as const] : [],
  );
  it.each(leftovers)('%s is found out: %s', (_, __, one, index) => {
    alsoHonest(one, index);
    expect(honest.collected.changes.map(({ path }) => path)).toEqual(expect.arrayContaining([...one.leaves]));
    expect({ attempt: one.attempt, ...hostile.each[index] }).toMatchObject({ exitCode: 0 });
    expect(hostile.collected.violations).toEqual(expect.arrayContaining(namesOf(one)));
  });

  it('leaves nothing else behind', () => {
    const expected = shared.flatMap(([, one]) => namesOf(one));
    expect(hostile.collected.violations.toSorted()).toEqual([...new Set(expected)].toSorted());
    expect(honest.collected.violations).toEqual([]);
  });
});

describeSandbox('in a sandbox of its own', () => {
  const all = ATTACKS.flatMap((attack) =>
    casesOf<SandboxCase>(attack.sandbox)
      .filter((one): one is Alone => one.kind === 'alone')
      .map((one) => [title(attack), one.by, one] as const),
  );
  it.each(all)('%s is stopped: %s', (_, __, { show }) => show(place));
});

describe('at the gate alone', () => {
  const withCases = ATTACKS.filter(({ gate }) => typeof gate !== 'string');
  it.each(withCases.map((attack) => [title(attack), attack] as const))('%s is refused', async (_, { gate }) => {
    for (const one of casesOf<GateCase>(gate)) {
      const found = await place.gateRules(one.entries, one);
      expect({ entries: one.entries, found }).toEqual({
        entries: one.entries,
        found: expect.arrayContaining([...one.rules]),
      });
      expect({ but: one.but, found: await place.gateRules(one.but, one) }).toEqual({ but: one.but, found: [] });
    }
  });
});

describe('in the service', () => {
  const all = ATTACKS.flatMap((attack) => (attack.service ?? []).map((one) => [title(attack), one.by, one] as const));
  it.each(all)('%s is stopped: %s', async (_, __, { denied, allowed }: ServiceCase) => {
    await denied(place);
    await allowed(place);
  });
});

(isolated ? describe.skip : describe)('where nothing confines', () => {
  it('no sandbox opens', () => expect(place.openSandbox(['docs/**'])).rejects.toMatchObject({ kind: 'agent-failed' }));
});

describe('the repository of the user', () => {
  it('is as it was after all of them', async () => expect(await place.harm()).toEqual([]));
});
