import type { Issued } from './decisions.port.js';

/** A command as a principal sends it. Ids of different principals never meet. */
export const issuedBy = (principal: string, commandId: string, body: unknown): Issued => ({
  id: `${principal}/${commandId}`,
  actor: principal,
  body: JSON.parse(JSON.stringify(body)) as unknown,
});
