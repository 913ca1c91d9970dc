import { describe, expect, it } from '@jest/globals';
import type { AgentId } from '#contracts';
import type { AgentCard } from '#domain';
import { countByStatus, inOrder } from './order.js';

const card = (id: string, status: AgentCard['status'], circuitOpenUntil?: number): AgentCard => ({
  id: id as AgentId,
  kind: 'links',
  name: 'Links',
  role: 'Mends links',
  status,
  lastSeen: 0,
  version: 1,
  circuitOpenUntil,
});

describe('the order of the board', () => {
  it('puts trouble before work and work before rest', () => {
    const cards = [
      card('a', 'idle'),
      card('b', 'working'),
      card('c', 'stalled'),
      card('d', 'blocked'),
      card('e', 'error'),
    ];
    expect(inOrder(cards, 0).map(({ id }) => id)).toEqual(['c', 'e', 'd', 'b', 'a']);
  });

  it('counts slots as numbers', () => {
    const cards = [card('links-10', 'idle'), card('links-2', 'idle')];
    expect(inOrder(cards, 0).map(({ id }) => id)).toEqual(['links-2', 'links-10']);
  });

  it('shows an agent whose circuit is open among the troubled, until it closes', () => {
    const cards = [card('a', 'working'), card('b', 'idle', 100)];
    expect(inOrder(cards, 50).map(({ id }) => id)).toEqual(['b', 'a']);
    expect(inOrder(cards, 100).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('counts how many are in each state', () => {
    expect(countByStatus([card('a', 'idle'), card('b', 'idle')]).get('idle')).toBe(2);
  });
});
