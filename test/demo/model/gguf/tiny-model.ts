import { f32, ggufOf, type Written, type WrittenTensor } from './gguf-writer';

const [WIDTH, HEADS, GROUPS, FORWARD, LAYERS] = [8, 2, 1, 12, 2];
const TOKENS = ['a', 'b', 'c', 'd', 'e', '<|im_start|>', '<|im_end|>', 'Ġ'];

/** A model of two layers that is nobody's, whose weights are sines. */
export function tinyModel(changes: Readonly<Record<string, Written>> = {}): Buffer {
  let number = 0;
  const tensor = (name: string, ...shape: readonly number[]): WrittenTensor => {
    number += 1;
    const seed = number;
    const length = shape.reduce((product, each) => product * each, 1);
    const bytes = f32(Array.from({ length }, (_, index) => 0.5 * Math.sin(0.7 * index + seed)));
    return { name: `${name}.weight`, shape, type: 0, bytes };
  };
  const keyWidth = (WIDTH / HEADS) * GROUPS;
  const tensors = [tensor('token_embd', WIDTH, TOKENS.length), tensor('output_norm', WIDTH)];
  for (let layer = 0; layer < LAYERS; layer++) {
    const of = (name: string, ...shape: readonly number[]): void => {
      tensors.push(tensor(`blk.${layer}.${name}`, ...shape));
    };
    of('attn_norm', WIDTH);
    of('attn_q', WIDTH, WIDTH);
    of('attn_k', WIDTH, keyWidth);
    of('attn_v', WIDTH, keyWidth);
    of('attn_output', WIDTH, WIDTH);
    of('ffn_norm', WIDTH);
    of('ffn_gate', WIDTH, FORWARD);
    of('ffn_up', WIDTH, FORWARD);
    of('ffn_down', FORWARD, WIDTH);
  }
  const metadata: Readonly<Record<string, Written>> = {
    'general.architecture': 'llama',
    'llama.context_length': 256,
    'llama.embedding_length': WIDTH,
    'llama.attention.head_count': HEADS,
    'llama.attention.head_count_kv': GROUPS,
    'llama.attention.layer_norm_rms_epsilon': 1e-5,
    'llama.rope.freq_base': 100,
    'llama.block_count': LAYERS,
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.tokens': TOKENS,
    'tokenizer.ggml.merges': ['a b'],
    ...changes,
  };
  return ggufOf(metadata, tensors);
}
