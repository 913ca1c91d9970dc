import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { KnownHistories } from './known-histories.js';
import { MakeReportHandler } from './make-report.query.js';
import { VerifySprintHandler } from './verify-sprint.query.js';

@Module({ controllers: [AuditController], providers: [KnownHistories, MakeReportHandler, VerifySprintHandler] })
export class AuditModule {}
