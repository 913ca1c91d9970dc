import { describe, expect, it } from '@jest/globals';
import type { Role } from '../config/config.js';
import { absentFrom, connectionNameOf } from './absent-roles.port.js';

const client = (name: string, db = 0) =>
  `id=7 addr=/tmp/s:0 laddr=/tmp/s:0 fd=9 name=${name} age=3 idle=0 db=${db} sub=0\n`;
const roles = (...some: Role[]) => some;

describe('roles that no process has', () => {
  it('are told by the names of connections, whichever process they are of', () => {
    const worker = client(connectionNameOf({ roles: roles('worker') }));
    const rest = client(connectionNameOf({ roles: roles('api', 'orchestrator') }));
    expect(absentFrom(client('') + worker, 'hyper:', 0)).toEqual(['api', 'orchestrator']);
    expect(absentFrom(worker + client('someone') + rest, 'hyper:', 0)).toEqual([]);
  });

  it('are those of one log: a process of another prefix or database has none of them', () => {
    const all = roles('api', 'orchestrator', 'worker');
    const other = client(connectionNameOf({ prefix: 'other:', roles: all }));
    expect(absentFrom(other, 'hyper:', 0)).toEqual(all);
    expect(absentFrom(other, 'other:', 0)).toEqual([]);
    expect(absentFrom(client(connectionNameOf({ roles: all }), 1), 'hyper:', 0)).toEqual(all);
  });
});
