/// Pairs of characters of which the particles, auxiliary verbs and endings of Japanese consist, and the question words of Japanese and Chinese: what stop
/// words are to other languages. Only queries are without them. By Lucene's list of Japanese stop words (`kuromoji/stopwords.txt`), and the polite forms in which
/// questions are asked; sorted.
const PAIRS: &str = "\
    あり ある いう いか いた いつ いて いま いる うか うし かっ から がで きま くだ けな けま こと この これ さい され した して しま しょ しり しん すか すが する すれ せた せな せら せる せん その それ \
    たい たら たり だけ ださ ちら つい てい てく ても でき でし です では でも とい とか とが とき とし との とは とを どう どこ どの どん ない なか なく なけ なさ なた なっ なの なら なり なる なれ にお \
    につ にて には によ に関 のか のが のだ のて ので のは のよ のを はい まし ます ませ また まだ まで むか もう もし もの もら やす ょう よう よる らな らる られ りま るか るが ると るの るは るよ るを \
    れた れて れば れま れる わか をす んか んで んな 不是 为什 什么 可以 吗可 哪些 哪里 如何 怎么 怎样 是不 是否 能不 能否";

/// Whether a term is such a pair.
pub(super) fn is_function_pair(term: &str) -> bool {
    // Two characters of three bytes each.
    term.len() == 6 && PAIRS.split_ascii_whitespace().any(|pair| pair == term)
}
