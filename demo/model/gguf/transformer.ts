import type { GgufFile } from './gguf-file';
import { floatsOf } from './floats';

interface Layer {
  readonly attentionNorm: Float32Array;
  readonly query: Float32Array;
  readonly key: Float32Array;
  readonly value: Float32Array;
  readonly output: Float32Array;
  readonly forwardNorm: Float32Array;
  readonly gate: Float32Array;
  readonly up: Float32Array;
  readonly down: Float32Array;
}

/** Keys and values of what was said so far, by layer, a position after the other. */
export interface Cache {
  length: number;
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

/** A language model of Llama's kind: rotary positions, grouped attention, RMS norms, SiLU gates. */
export class Transformer {
  /** Positions that a cache has. */
  readonly context: number;
  private readonly width: number;
  private readonly heads: number;
  private readonly groups: number;
  private readonly headWidth: number;
  private readonly epsilon: number;
  private readonly frequencies: Float32Array;
  private readonly embedding: Float32Array;
  private readonly outputNorm: Float32Array;
  private readonly head: Float32Array;
  private readonly layers: readonly Layer[];

  /** Throws where the file has no such model. */
  constructor({ metadata, tensors }: GgufFile, maxContext = 1024) {
    const architecture = metadata.get('general.architecture');
    if (architecture !== 'llama')
      throw new Error(`it is a model of ${String(architecture)}, and not of llama`);
    const number = (name: string, otherwise?: number): number => {
      const value = metadata.get(`llama.${name}`) ?? otherwise;
      if (typeof value !== 'number') throw new Error(`its metadata do not say llama.${name}`);
      return value;
    };
    const floats = (name: string): Float32Array => {
      const tensor = tensors.get(`${name}.weight`);
      if (tensor === undefined) throw new Error(`it has no tensor ${name}.weight`);
      return floatsOf(tensor);
    };
    this.context = Math.min(number('context_length'), maxContext);
    this.width = number('embedding_length');
    this.heads = number('attention.head_count');
    this.groups = number('attention.head_count_kv', this.heads);
    this.headWidth = this.width / this.heads;
    this.epsilon = number('attention.layer_norm_rms_epsilon');
    const base = number('rope.freq_base', 10_000);
    this.frequencies = Float32Array.from(
      { length: this.headWidth / 2 },
      (_, pair) => base ** ((-2 * pair) / this.headWidth),
    );
    this.embedding = floats('token_embd');
    this.outputNorm = floats('output_norm');
    this.head = tensors.has('output.weight') ? floats('output') : this.embedding;
    this.layers = Array.from({ length: number('block_count') }, (_, index) => {
      const of = (name: string): Float32Array => floats(`blk.${index}.${name}`);
      return {
        attentionNorm: of('attn_norm'),
        query: of('attn_q'),
        key: of('attn_k'),
        value: of('attn_v'),
        output: of('attn_output'),
        forwardNorm: of('ffn_norm'),
        gate: of('ffn_gate'),
        up: of('ffn_up'),
        down: of('ffn_down'),
      };
    });
  }

  /** A cache of its own, that begins as another. */
  cache(from?: Cache): Cache {
    const empty = (): Float32Array => new Float32Array(this.context * this.groups * this.headWidth);
    const copied = (source: Float32Array | undefined): Float32Array => source?.slice() ?? empty();
    return {
      length: from?.length ?? 0,
      keys: this.layers.map((_, index) => copied(from?.keys[index])),
      values: this.layers.map((_, index) => copied(from?.values[index])),
    };
  }

  /** Takes the next token in. Returns how likely each token is to follow, as logits, or nothing where nobody asks. */
  next(token: number, cache: Cache, wanted: 'logits' | 'nothing' = 'logits'): Float32Array | undefined {
    const { width } = this;
    const state = this.embedding.slice(token * width, (token + 1) * width);
    for (const [index, layer] of this.layers.entries()) {
      const keys = cache.keys[index]!;
      const values = cache.values[index]!;
      const seen = this.norm(state, layer.attentionNorm);
      add(state, product(layer.output, this.attention(seen, layer, keys, values, cache.length)));
      const thought = this.norm(state, layer.forwardNorm);
      const gate = product(layer.gate, thought);
      const up = product(layer.up, thought);
      for (let at = 0; at < gate.length; at++) up[at]! *= gate[at]! / (1 + Math.exp(-gate[at]!));
      add(state, product(layer.down, up));
    }
    cache.length += 1;
    return wanted === 'nothing' ? undefined : product(this.head, this.norm(state, this.outputNorm));
  }

  private attention(
    input: Float32Array,
    layer: Layer,
    keys: Float32Array,
    values: Float32Array,
    position: number,
  ): Float32Array {
    const { heads, groups, headWidth } = this;
    const stride = groups * headWidth;
    const query = product(layer.query, input);
    const key = product(layer.key, input);
    this.rotate(query, position);
    this.rotate(key, position);
    keys.set(key, position * stride);
    values.set(product(layer.value, input), position * stride);
    const result = new Float32Array(heads * headWidth);
    const scores = new Float32Array(position + 1);
    const scale = 1 / Math.sqrt(headWidth);
    for (let head = 0; head < heads; head++) {
      // Several heads look through the same keys.
      const group = Math.floor((head * groups) / heads) * headWidth;
      const own = head * headWidth;
      for (let at = 0; at <= position; at++) {
        let score = 0;
        for (let each = 0; each < headWidth; each++) {
          score += query[own + each]! * keys[at * stride + group + each]!;
        }
        scores[at] = score * scale;
      }
      softmax(scores);
      for (let at = 0; at <= position; at++) {
        const weight = scores[at]!;
        for (let each = 0; each < headWidth; each++) {
          result[own + each]! += weight * values[at * stride + group + each]!;
        }
      }
    }
    return result;
  }

  /** Turns each pair of numbers by an angle that grows with the position. */
  private rotate(vector: Float32Array, position: number): void {
    const { headWidth, frequencies } = this;
    for (let at = 0; at < vector.length; at += 2) {
      const angle = position * frequencies[(at % headWidth) / 2]!;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      const [even, odd] = [vector[at]!, vector[at + 1]!];
      vector[at] = even * cos - odd * sin;
      vector[at + 1] = even * sin + odd * cos;
    }
  }

  private norm(vector: Float32Array, weights: Float32Array): Float32Array {
    let squares = 0;
    for (const each of vector) squares += each * each;
    const scale = 1 / Math.sqrt(squares / vector.length + this.epsilon);
    return vector.map((each, at) => each * scale * weights[at]!);
  }
}

/**
 * A matrix, row by row, times a vector: where nearly all of the time goes. Four rows at a time share what is read of the
 * vector, and none of their sums waits for another.
 */
function product(matrix: Float32Array, vector: Float32Array): Float32Array {
  const width = vector.length;
  const result = new Float32Array(matrix.length / width);
  for (let row = 0; row < result.length; row += 4) {
    let first = row * width;
    let second = first + width;
    let third = second + width;
    let fourth = third + width;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let column = 0; column < width; column++) {
      const each = vector[column]!;
      a += matrix[first++]! * each;
      b += matrix[second++]! * each;
      c += matrix[third++]! * each;
      d += matrix[fourth++]! * each;
    }
    result[row] = a;
    result[row + 1] = b;
    result[row + 2] = c;
    result[row + 3] = d;
  }
  return result;
}

function add(to: Float32Array, more: Float32Array): void {
  for (let at = 0; at < to.length; at++) to[at]! += more[at]!;
}

export function softmax(values: Float32Array): void {
  let largest = -Infinity;
  for (const each of values) largest = Math.max(largest, each);
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] = Math.exp(values[at]! - largest);
  for (let at = 0; at < values.length; at++) values[at]! /= sum;
}
