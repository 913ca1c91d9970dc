const LEFT_UNDONE: Readonly<Record<string, string>> = {
  orchestrator: 'nothing is decided that has to follow',
  worker: 'nothing is scanned, worked on, verified or published',
};

/** That no process of the service has a role, what that means, and the way out. */
export const absentRole = (role: string): string =>
  `No process with the role ${role} is running: ${LEFT_UNDONE[role] ?? 'nothing of what it does happens'}, and it waits. ` +
  `Start one with HYPER_RUN_ROLES=${role}, on the same Redis and data directory.`;
