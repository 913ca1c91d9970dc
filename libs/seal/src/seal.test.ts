import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { AnyEvent, Oid, SealedHead, Sha256, SprintId, StreamName, Version } from '#contracts';
import { commandHash, InMemoryEventStore, newId } from '#event-store';
import {
  exportLines,
  leafOf,
  parseTrailers,
  readExport,
  recordedOf,
  redact,
  sealStream,
  trailerOf,
  verifyExport,
  type ExportRecord,
} from './index.js';

const sprint = 'sprint-s-1' as StreamName;
const task = 'task-t-1' as StreamName;
const oid = 'a'.repeat(40) as Oid;
const sha = (...parts: (string | Buffer)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

const said = (text: string): AnyEvent => ({
  type: 'action.message-said',
  data: { attempt: 1, origin: 'observed', text },
});

/** A log of a task that said three things and was published, in a sprint that completed. */
const log = async () => {
  const store = new InMemoryEventStore();
  const tell = async (stream: StreamName, ...events: AnyEvent[]) => {
    const { version } = await store.head(stream);
    const guard = { kind: 'exact', version } as const;
    await store.append({
      commandId: newId(),
      commandHash: commandHash(1),
      actor: 'system',
      writes: [{ stream, guard, events }],
    });
  };
  await tell(task, said('one'), said('two é'), said('three'));
  const sealed = await sealStream(task, store.readBytes(task));
  await tell(task, {
    type: 'task.publish-decided',
    data: { attempt: 1, tree: oid, commit: oid, branch: 'hyper-run/t-1', pack: 'b'.repeat(64) as Sha256, sealed },
  });
  await tell(sprint, { type: 'sprint.started', data: { baseAccepted: false } });
  const heads = [await sealStream(task, store.readBytes(task)), await sealStream(sprint, store.readBytes(sprint))];
  await tell(sprint, {
    type: 'sprint.completed',
    data: { outcome: 'completed', tasks: { passed: 1, failed: 0, cancelled: 0, declined: 0, discarded: 0 }, heads },
  });
  return { store, sealed };
};

const exported = async () => {
  const { store, sealed } = await log();
  const lines: string[] = [];
  const streams = [sprint, task].map((stream) => ({ stream, records: store.readBytes(stream) }));
  for await (const line of exportLines({ sprintId: 's-1' as SprintId, incarnation: store.incarnation, streams }))
    lines.push(line);
  return { lines, sealed, store };
};

/** The line of a record changed, and the others as they are. */
const change = (lines: readonly string[], stream: StreamName, version: number, how: (record: ExportRecord) => object) =>
  lines.map((line) => {
    const record = JSON.parse(line) as ExportRecord;
    return record.stream === stream && record.version === version ? JSON.stringify(how(record)) : line;
  });

const places = async (lines: readonly string[]) =>
  (await verifyExport(lines)).problems.map(({ kind, stream, version }) => [kind, stream, version]);

describe('the hash chain', () => {
  it('is SHA-256 over header and digest of the data, each record on the one before', async () => {
    const header = Buffer.from('{"h":1}');
    const data = Buffer.from('{"d":1}');
    const leaf = sha(header, sha(data));
    expect(leafOf({ header, data })).toEqual(leaf);
    const { hash } = await sealStream(task, [{ version: 1, header, data }]);
    expect(hash).toBe(sha(sha('task-t-1'), leaf).toString('hex'));
  });

  it('stays the same when data is redacted', async () => {
    const header = Buffer.from('h');
    const data = Buffer.from('secret');
    const redacted = { redacted: sha(data).toString('hex') };
    const [full, bare] = await Promise.all(
      [data, redacted].map((data) => sealStream(task, [{ version: 1, header, data }])),
    );
    expect(bare).toEqual(full);
  });

  it('stops at a version when asked to', async () => {
    const { store, sealed } = await log();
    expect(await sealStream(task, store.readBytes(task), 3)).toEqual(sealed);
  });
});

describe('an export as it was written', () => {
  it('is valid, and names the heads', async () => {
    const { lines, store } = await exported();
    const verified = await verifyExport(lines);
    expect(verified).toMatchObject({ valid: true, problems: [], events: 6 });
    expect(verified.heads).toContainEqual(await sealStream(task, store.readBytes(task)));
  });

  it('gives back the events of the log', async () => {
    const { lines, store } = await exported();
    const events = [];
    for await (const line of readExport(lines)) if (line.kind === 'record') events.push(recordedOf(line));
    expect(events).toEqual([...(await store.read(sprint)), ...(await store.read(task))]);
  });

  it('stays valid when the data of a record is redacted', async () => {
    const { lines } = await exported();
    const redacted = change(lines, task, 2, redact);
    expect(redacted.join('')).not.toContain('two é');
    expect(await verifyExport(redacted)).toMatchObject({ valid: true, events: 6 });
  });

  it('is valid against the trailer of its commit, and not against that of another', async () => {
    const { lines, sealed } = await exported();
    const [head = sealed] = parseTrailers(`Fix links\n\nBody\n\n${trailerOf(sealed)}\n`);
    expect(head).toEqual(sealed);
    expect(await verifyExport(lines, [{ head, from: 'commit 1' }])).toMatchObject({ valid: true });
    const other = { ...head, hash: 'c'.repeat(64) as Sha256 };
    const { problems } = await verifyExport(lines, [{ head: other, from: 'commit 2' }]);
    expect(problems).toMatchObject([
      { kind: 'head', stream: task, version: 3, text: expect.stringContaining('commit 2') },
    ]);
  });
});

describe('an export that was altered', () => {
  const alter = (record: ExportRecord) => ({
    ...record,
    data: 'data' in record ? record.data.replace('two', 'TWO') : '',
  });

  it('names the record whose data has one other byte', async () => {
    const { lines } = await exported();
    expect((await places(change(lines, task, 2, alter)))[0]).toEqual(['altered', task, 2]);
  });

  it('names the record whose header has one other byte', async () => {
    const { lines } = await exported();
    const altered = change(lines, sprint, 1, (record) => ({
      ...record,
      header: record.header.replace('system', 'System'),
    }));
    expect((await places(altered))[0]).toEqual(['altered', sprint, 1]);
  });

  it('is found out by the heads recorded in it when all hashes were made anew', async () => {
    const { lines } = await exported();
    const records: ExportRecord[] = [];
    for await (const line of readExport(change(lines, task, 2, alter))) if (line.kind === 'record') records.push(line);
    const streams = [sprint, task].map((stream) => ({
      stream,
      records: records
        .filter((record) => record.stream === stream)
        .map((record) => ({
          version: record.version,
          header: Buffer.from(record.header),
          data: Buffer.from('data' in record ? record.data : ''),
        })),
    }));
    const forged: string[] = [];
    for await (const line of exportLines({ sprintId: 's-1' as SprintId, incarnation: 'x', streams })) forged.push(line);
    expect(await places(forged)).toEqual([
      ['head', task, 4],
      ['head', task, 3],
    ]);
  });

  it('names the version that was left out', async () => {
    const { lines } = await exported();
    const shorter = lines.filter((line) => {
      const record = JSON.parse(line) as ExportRecord;
      return record.stream !== task || record.version !== 2;
    });
    expect(await places(shorter)).toContainEqual(['gap', task, 2]);
  });

  it('notices a record that was put elsewhere', async () => {
    const { lines } = await exported();
    const moved = change(lines, task, 2, (record) => ({
      ...record,
      header: record.header.replace('"version":2', '"version":7'),
    }));
    expect(await places(moved)).toContainEqual(['header', task, 2]);
  });

  it('notices that its end was cut off, and a stream that is missing', async () => {
    const { lines } = await exported();
    expect(await places(lines.slice(0, -1))).toEqual([['truncated', undefined, undefined]]);
    const without = lines.filter((line) => (JSON.parse(line) as ExportRecord).stream !== task);
    expect(await places(without)).toContainEqual(['missing', task, 4]);
  });

  it.each(['nonsense', '[]', 'null', '{"stream":"task-t-1"}', '{"heads":7}', '{"format":"other"}'])(
    'names the line that is not one of an export: %s',
    async (line) => {
      const { lines } = await exported();
      const { problems } = await verifyExport([...lines.slice(0, 2), line, ...lines.slice(2)]);
      expect(problems[0]).toMatchObject({ kind: 'malformed', text: expect.stringContaining('Line 3 ') });
    },
  );

  it('survives hostile data of the events that it reads', async () => {
    const { lines } = await exported();
    for (const data of ['{"heads":[null]}', '{"heads":{}}', '7', 'x'])
      expect(await places(change(lines, sprint, 2, (record) => ({ ...record, data })))).toContainEqual([
        'altered',
        sprint,
        2,
      ]);
  });
});

describe('the trailer of a commit', () => {
  const head: SealedHead = { stream: task, version: 3 as Version, hash: 'd'.repeat(64) as Sha256 };

  it('is read from the last paragraph', () => {
    expect(parseTrailers(`Title\n\nSigned-off-by: x\n${trailerOf(head)}\n`)).toEqual([head]);
    expect(parseTrailers(`Title\r\n\r\n${trailerOf(head)}\r\n`)).toEqual([head]);
  });

  it('holds the seals of several streams, in order', () => {
    const other = { ...head, stream: sprint };
    expect(parseTrailers(`Title\n\n${trailerOf(head)}\n${trailerOf(other)}\n`)).toEqual([head, other]);
  });

  it.each([
    ['elsewhere', `Title\n\n${trailerOf(head)}\n\nThe end`],
    ['twice', `Title\n\n${trailerOf(head)}\n${trailerOf(head)}`],
    ['of a stream that cannot be', `Title\n\n${trailerOf(head).replace('task-', 'tusk-')}`],
    ['in parts', 'Title\n\nHyperRun-Seal: task-t-1@3'],
    ['not at all', ''],
  ])('is not taken when it stands %s', (_, message) => {
    expect(parseTrailers(message)).toEqual([]);
  });
});
