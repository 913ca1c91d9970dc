import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';

export class AtDto {
  @ApiPropertyOptional({ description: 'A cursor or an RFC 3339 time: the state as it was then.' })
  @IsOptional()
  @IsString()
  @MaxLength(80)
  at?: string;
}
