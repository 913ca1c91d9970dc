import { Command } from 'commander';
import type { Context } from './context.js';
import { agentsCommand } from './commands/agents.js';
import { answerCommand } from './commands/answer.js';
import { archiveCommand } from './commands/archive.js';
import { cleanCommand } from './commands/clean.js';
import { controlCommands } from './commands/control.js';
import { criteriaCommand } from './commands/criteria.js';
import { demoCommand } from './commands/demo.js';
import { diffCommand } from './commands/diff.js';
import { discardCommand } from './commands/discard.js';
import { doctorCommand } from './commands/doctor.js';
import { executeCommand } from './commands/execute.js';
import { exportCommand } from './commands/export.js';
import { findingsCommand } from './commands/findings.js';
import { hafsCommand } from './commands/hafs.js';
import { integrateCommand } from './commands/integrate.js';
import { mergeCommand } from './commands/merge.js';
import { openCommand } from './commands/open.js';
import { planCommand } from './commands/plan.js';
import { redactCommand } from './commands/redact.js';
import { replayCommand } from './commands/replay.js';
import { reportCommand } from './commands/report.js';
import { requestChangesCommand, retryCommand } from './commands/retry.js';
import { reviewCommand } from './commands/review.js';
import { runCommand } from './commands/run.js';
import { sprintsCommand } from './commands/sprints.js';
import { upCommand } from './commands/up.js';
import { verifyCommand } from './commands/verify.js';
import { watchCommand } from './commands/watch.js';

const VERSION = '0.1.0';

/** The whole command line. It throws instead of ending the process. */
export const buildProgram = (context: Context): Command => {
  const program = new Command('hyper-run')
    .description('A crew of coding agents that improves a git repository under your control.')
    .version(VERSION)
    .showHelpAfterError('(hyper-run --help)')
    .addHelpText('after', '\nEnds with 0 done, 1 the work failed, 2 wrong usage, 3 service or Redis out of reach.');
  const groups: readonly [string, readonly Command[]][] = [
    ['The main job:', [upCommand(context), openCommand(context), runCommand(context)]],
    [
      'Step by step:',
      [
        planCommand(context),
        reviewCommand(context),
        executeCommand(context),
        watchCommand(context),
        ...controlCommands(context),
        answerCommand(context),
        discardCommand(context),
        retryCommand(context),
        requestChangesCommand(context),
      ],
    ],
    [
      'Results:',
      [
        sprintsCommand(context),
        reportCommand(context),
        diffCommand(context),
        integrateCommand(context),
        mergeCommand(context),
        replayCommand(context),
        exportCommand(context),
        archiveCommand(context),
        redactCommand(context),
        verifyCommand(context),
      ],
    ],
    ['Looking around:', [findingsCommand(context), agentsCommand(context), hafsCommand(context)]],
    ['Keeping house:', [doctorCommand(context), cleanCommand(context), demoCommand(context), criteriaCommand(context)]],
  ];
  for (const [heading, commands] of groups)
    for (const command of commands) program.addCommand(command.helpGroup(heading));
  return settled(program);
};

const settled = (command: Command): Command => {
  command.exitOverride();
  for (const inner of command.commands) settled(inner);
  return command;
};
