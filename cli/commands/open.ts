import { Command } from 'commander';
import { newLink } from '../browser.js';
import type { Context } from '../context.js';
import { readSprint } from '../following.js';

export const openCommand = (context: Context) =>
  new Command('open')
    .description('a link that lets a browser in, once, within 2 minutes; opened where there is a screen')
    .argument('[sprint]', 'lead to this plan or sprint')
    .action(async (sprintId: string | undefined) => {
      const client = await context.connect();
      const sprint = sprintId === undefined ? undefined : await readSprint(client, sprintId);
      const link = await newLink(client, sprint && `/sprints/${sprint.sprintId}`);
      context.line(link);
      if (context.showPage(link))
        context.note('Opened in your browser. If nothing shows, take the link: it works once.');
    });
