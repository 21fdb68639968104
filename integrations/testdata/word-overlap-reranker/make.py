"""Makes this folder's files: a cross-encoder by hand, which scores a passage by how many different words of the query it holds.

Run with the PyPI packages onnx (1.23) and tokenizers (0.23). Its vocabulary is a few words that tests use; all others are [UNK], which never counts.
"""
import json
import pathlib

from onnx import TensorProto, checker, helper, save
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

HERE = pathlib.Path(__file__).parent
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
WORDS = """a the is of what which how does with in at
    lamp lantern oil whale burns battery keeper tower storm copper glass harbour light fuel runs hours night winter ship bell fog""".split()

vocabulary = {word: number for number, word in enumerate(SPECIAL + WORDS)}
tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
tokenizer.add_special_tokens(SPECIAL)
tokenizer.save(str(HERE / "tokenizer.json"), pretty=False)
(HERE / "special_tokens_map.json").write_text(
    json.dumps({"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}) + "\n"
)
(HERE / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 128, "pad_token": "[PAD]"}) + "\n")
(HERE / "config.json").write_text(json.dumps({"pad_token_id": 0, "id2label": {"0": "LABEL_0"}}) + "\n")

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
first_word = len(SPECIAL) + WORDS.index("lamp")  # the small words before it say nothing
constant = lambda name, kind, dims, values: helper.make_tensor(name, kind, dims, values)
node = helper.make_node
nodes = [
    node("GreaterOrEqual", ["input_ids", "first_word"], ["is_word"]),
    node("Cast", ["is_word"], ["word"], to=TensorProto.FLOAT),
    node("Cast", ["token_type_ids"], ["in_passage"], to=TensorProto.FLOAT),
    node("Sub", ["one", "in_passage"], ["in_query"]),
    node("Mul", ["word", "in_query"], ["query"]),
    node("Mul", ["word", "in_passage"], ["passage"]),
    node("Unsqueeze", ["input_ids", "last"], ["down"]),
    node("Unsqueeze", ["input_ids", "middle"], ["across"]),
    node("Equal", ["down", "across"], ["is_same"]),
    node("Cast", ["is_same"], ["same"], to=TensorProto.FLOAT),
    node("Unsqueeze", ["passage", "middle"], ["passage_across"]),
    node("Mul", ["same", "passage_across"], ["held"]),
    node("ReduceMax", ["held", "last"], ["is_held"], keepdims=0),
    node("Mul", ["query", "is_held"], ["found"]),
    node("ReduceSum", ["found", "middle"], ["count"], keepdims=1),
    node("Sub", ["count", "one"], ["logits"]),
]
graph = helper.make_graph(
    nodes,
    "word_overlap",
    [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in INPUTS],
    [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 1])],
    [
        constant("first_word", TensorProto.INT64, [], [first_word]),
        constant("one", TensorProto.FLOAT, [], [1.0]),
        constant("middle", TensorProto.INT64, [1], [1]),
        constant("last", TensorProto.INT64, [1], [2]),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
checker.check_model(model)
save(model, HERE / "model.onnx")
