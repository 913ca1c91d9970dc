import { ValidateIf } from 'class-validator';

/** A field may be left out; where it stands it is validated, `null` included. */
export const Given = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
