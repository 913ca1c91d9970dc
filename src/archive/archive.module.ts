import { Module } from '@nestjs/common';
import { ArchiveAlerts } from './archive-alerts.js';
import { ArchiveController } from './archive.controller.js';
import { ArchiveSprintHandler } from './archive-sprint.command.js';
import { Archivist } from './archivist.js';

@Module({ controllers: [ArchiveController], providers: [ArchiveSprintHandler, ArchiveAlerts, Archivist] })
export class ArchiveModule {}
