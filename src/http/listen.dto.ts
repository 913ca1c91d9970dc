import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';

/** Where a listener begins. */
export class ListenDto {
  @ApiPropertyOptional({ type: String, description: 'Cursor after which to begin. `Last-Event-ID` goes before it.' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  readonly after?: string;
}

/** What the client has seen last: as its browser says, else as it was told to say. */
export const cursorOf = (lastEventId: string | undefined, { after }: ListenDto): string | undefined =>
  lastEventId === undefined || lastEventId === '' ? after : lastEventId;
