import { Module } from '@nestjs/common';
import { ArchiveAlerts } from './archive-alerts.js';
import { ArchiveController } from './archive.controller.js';
import { ArchiveSprintHandler } from './archive-sprint.command.js';
import { Archivist } from './archivist.js';
import { RedactEventHandler } from './redact-event.command.js';
import { Redactions } from './redactions.js';
import { Retainer } from './retainer.js';
import { RedactionsController } from './redactions.controller.js';

@Module({
  controllers: [ArchiveController, RedactionsController],
  providers: [ArchiveSprintHandler, RedactEventHandler, Redactions, Retainer, ArchiveAlerts, Archivist],
})
export class ArchiveModule {}
