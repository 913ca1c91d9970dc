/** An event of a sprint as it comes over the wire, for tests of what is done with events. */
export const envelopeAt = (position: number) => ({
  id: `e-${position}`,
  type: 'hyperrun.sprint.started',
  time: '2026-01-01T00:00:00Z',
  position: String(position),
  streamversion: String(position),
  stream: 'sprint-s-1',
  sprintid: 's-1',
  data: {},
});
