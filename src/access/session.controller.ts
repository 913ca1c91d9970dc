import { Body, Controller, Delete, Get, Headers, HttpCode, HttpStatus, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { HyperRunError } from '#contracts';
import { Answers, Problems } from '../http/answers.decorator.js';
import { OWNER } from './door.js';
import { CurrentPrincipal } from './principal.decorator.js';
import { CurrentSession, SessionLink } from './session.schema.js';
import { Sessions } from './session.js';
import { TICKET, Tickets } from './tickets.js';

class SignInDto {
  @ApiProperty({ pattern: TICKET.source, description: 'What stands behind `#` in a link, up to the next `/`.' })
  @Matches(TICKET, { message: 'expected the ticket of a link of POST /session/links' })
  readonly ticket: string;
}

@ApiTags('session')
@Controller('session')
export class SessionController {
  constructor(
    private readonly sessions: Sessions,
    private readonly tickets: Tickets,
  ) {}

  /** Not for a session: a script that got into a page must not be able to prolong its stay. */
  @Post('links')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'A link that lets one browser in, once, within 2 minutes. Needs the token, not a session.' })
  @Answers(201, SessionLink, 'The link')
  @Problems('log.full')
  async link(@Headers('authorization') authorization: string | undefined) {
    if (authorization === undefined)
      throw new HyperRunError('access.token-missing', 'A link is given for the token only: hyper-run open');
    const { ticket, expiresAt } = await this.tickets.issue();
    return { path: `/enter#${ticket}`, expiresAt: new Date(expiresAt).toISOString() };
  }

  @Post()
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'What the page behind a link does: the ticket becomes a session cookie. Needs no token.' })
  @Answers(200, CurrentSession, 'The session has begun', { headers: { 'Set-Cookie': 'HttpOnly, SameSite=Strict' } })
  @Problems('access.link-over', 'log.unavailable')
  async begin(
    @Body() { ticket }: SignInDto,
    @Headers('origin') origin: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (!(await this.tickets.redeem(ticket)))
      throw new HyperRunError('access.link-over', 'This link was used or is too old. For a new one: hyper-run open');
    const session = this.sessions.begin();
    void reply.header('Set-Cookie', this.sessions.setCookie(session, isSecure(origin)));
    return { principal: OWNER, expiresAt: new Date(session.expiresAt).toISOString() };
  }

  @Get()
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Who is asking, and until when the session lasts' })
  @Answers(200, CurrentSession, 'The session, or the holder of the token')
  current(@CurrentPrincipal() principal: string, @Headers('cookie') cookie: string | undefined) {
    const session = this.sessions.find(cookie);
    return { principal, ...(session && { expiresAt: new Date(session.expiresAt).toISOString() }) };
  }

  @Delete()
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Sign out: this browser forgets its session. Another token ends all sessions.' })
  @ApiNoContentResponse({ description: 'It is forgotten' })
  end(@Headers('origin') origin: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): void {
    void reply.header('Set-Cookie', this.sessions.setCookie(undefined, isSecure(origin)));
  }
}

/** The browser itself says how it reached us, also through a proxy that speaks TLS for us. */
const isSecure = (origin: string | undefined): boolean => origin?.startsWith('https:') ?? false;
