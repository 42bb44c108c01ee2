/** A method, whoever's it is. */
export type Method = (this: unknown, ...given: never[]) => unknown;

/** Takes a planted defect out again. */
export type Undo = () => void;

/**
 * Puts another method in the place of one, of a class's prototype or of a module. Throws where there is
 * none of that name: a defect that is planted nowhere would never be caught, or never missed.
 */
export function replace<Shape extends object>(
  target: object,
  name: string,
  make: (
    original: (this: Shape, ...given: readonly unknown[]) => unknown,
  ) => (this: Shape, ...given: never[]) => unknown,
): Undo {
  const property = Object.getOwnPropertyDescriptor(target, name);
  const original: unknown = property?.value;
  if (property === undefined || typeof original !== 'function')
    throw new Error(`there is no ${name} to replace`);
  const method = make(original as (this: Shape, ...given: readonly unknown[]) => unknown);
  Object.defineProperty(target, name, { ...property, value: method });
  return () => {
    Object.defineProperty(target, name, property);
  };
}

/** Puts one answer in the place of a property that is worked out. */
export function answer(prototype: object, name: string, value: unknown): Undo {
  const property = Object.getOwnPropertyDescriptor(prototype, name);
  if (property?.get === undefined) throw new Error(`there is no ${name} to answer for`);
  Object.defineProperty(prototype, name, { ...property, get: () => value });
  return () => {
    Object.defineProperty(prototype, name, property);
  };
}

/** Several defects that only show together. */
export function all(...undos: readonly Undo[]): Undo {
  return () => {
    for (const undo of undos) undo();
  };
}

/** In the place of a method: it does nothing. */
export const nothing = (): void => undefined;

/** Leaves a number as it was before a method ran. */
export function unchanged(prototype: object, name: string, field: string): Undo {
  return replace<Record<string, unknown>>(
    prototype,
    name,
    (original) =>
      function (...given) {
        const before = this[field];
        const result = original.apply(this, given);
        this[field] = before;
        return result;
      },
  );
}
