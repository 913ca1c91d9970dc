import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { MakeReportHandler } from './make-report.query.js';
import { VerifySprintHandler } from './verify-sprint.query.js';

@Module({ controllers: [AuditController], providers: [MakeReportHandler, VerifySprintHandler] })
export class AuditModule {}
