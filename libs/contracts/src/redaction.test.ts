import { describe, expect, it } from '@jest/globals';
import type { AnyEvent } from './events.js';
import { redactEvent } from './redaction.js';

const failedStep = (artifact: string) => ({
  name: 'test',
  command: 'npm test',
  outcome: 'failed',
  exitCode: 1,
  durationMs: 5,
  output: { tail: 'the key is swordfish', bytes: 20, artifact },
});

describe('an event without its texts', () => {
  it('keeps its shape and its facts, and names what was taken out and what goes with it', () => {
    const artifact = 'a'.repeat(64);
    const step = failedStep(artifact);
    const event = { type: 'task.verification-step-finished', data: { attempt: 1, run: 2, step } } as AnyEvent;
    const { left, fields, artifacts } = redactEvent(event);
    expect(left).toEqual({ attempt: 1, run: 2, step: { ...step, output: { ...step.output, tail: '[redacted]' } } });
    expect([fields, artifacts]).toEqual([['step.output.tail'], [artifact]]);
    expect(event.data).toMatchObject({ step: { output: { tail: 'the key is swordfish' } } });
  });

  it('loses every entry of a list of texts, and has nothing to lose a second time', () => {
    const data = { attempt: 1, origin: 'observed', query: 'swordfish', results: 2, top: ['a.md', 'b.md'] };
    const once = redactEvent({ type: 'action.hafs-queried', data } as AnyEvent);
    expect(once.fields).toEqual(['query', 'top.0', 'top.1']);
    expect(redactEvent({ type: 'action.hafs-queried', data: once.left } as AnyEvent).fields).toEqual([]);
  });

  it('loses the texts of every step in a list of them, and each body once', () => {
    const steps = ['a', 'b', 'a'].map((letter) => failedStep(letter.repeat(64)));
    const verified = { outcome: 'failed', tree: 'c'.repeat(40), isolation: 'bwrap', weak: false, reused: false, steps };
    const { left, fields, artifacts } = redactEvent({ type: 'sprint.base-verified', data: verified } as AnyEvent);
    expect(fields).toEqual(['steps.0.output.tail', 'steps.1.output.tail', 'steps.2.output.tail']);
    expect(artifacts).toEqual(['a'.repeat(64), 'b'.repeat(64)]);
    expect(JSON.stringify(left)).not.toContain('swordfish');
  });

  it.each([
    ['action.session-updated', { attempt: 1, origin: 'reported', what: 'title', summary: 'swordfish' }],
    [
      'sprint.model-call-finished',
      { attempt: 1, callId: 'c', inputTokens: 1, outputTokens: 0, cost: 0, durationMs: 1, error: 'swordfish' },
    ],
  ])('says nothing any more of what an agent or a model was heard to say: %s', (type, data) => {
    const { left, fields } = redactEvent({ type, data } as AnyEvent);
    expect(fields).toHaveLength(1);
    expect(JSON.stringify(left)).not.toContain('swordfish');
  });

  it('is the same where it holds facts alone: what was decided, where, and which bytes', () => {
    const data = { branch: 'hyper-run/t-1', commit: 'c'.repeat(40) };
    expect(redactEvent({ type: 'task.passed', data } as AnyEvent)).toEqual({ left: data, fields: [], artifacts: [] });
  });
});
