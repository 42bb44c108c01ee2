import { enumeration, enumerationKey, enumerationName } from '../../../src/wire/codec/enumeration';

describe('enumeration', () => {
  const Tide = enumeration('tide', { Low: 0, High: 2 });

  it('is the object that it was given, frozen', () => {
    expect(Tide).toEqual({ Low: 0, High: 2 });
    expect(Object.isFrozen(Tide)).toBe(true);
  });

  it('keeps its name apart from its values', () => {
    expect(enumerationName(Tide)).toBe('tide');
    expect(Object.keys(Tide)).toEqual(['Low', 'High']);
    expect(enumerationName({ Low: 0, High: 2 })).toBe('enumeration value');
  });

  it('finds the key of a value', () => {
    expect(enumerationKey(Tide, 0)).toBe('Low');
    expect(enumerationKey(Tide, 2)).toBe('High');
    expect(enumerationKey(Tide, 1)).toBeUndefined();
    expect(enumerationKey(Tide, NaN)).toBeUndefined();
  });
});
