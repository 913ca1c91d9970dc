import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { sendEntrance } from './entrance.js';

@ApiExcludeController()
@Controller('enter')
export class EntranceController {
  @Get()
  async page(@Res() reply: FastifyReply): Promise<void> {
    await sendEntrance(reply);
  }
}
