/* rules/cel/lexer.re - the words of conditions.  The text ends with a NUL that is not counted in its size.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/tree.h"

#include "rules/cel/grammar.h" /* token numbers, made from grammar.y */

int ktg_cel_lex(struct ktg_cel_parsing *p, struct ktg_cel_token *ret_t)
{
    const unsigned char *text = p->source->text.data, *c = text + p->at, *m = c, *start;
    struct ktg_cel_token t = {0};
    (void)m;
#define KTG_TAKE(token)                                                                            \
    do {                                                                                           \
        t.end = p->at = (uint32_t)(c - text);                                                      \
        t.text = ktg_bytes(start, (size_t)(c - start));                                            \
        *ret_t = t;                                                                                \
        return KTG_CEL_TOK_##token;                                                                \
    } while (0)
#define KTG_READ(call, token)                                                                      \
    do {                                                                                           \
        t.end = p->at = (uint32_t)(c - text);                                                      \
        t.text = ktg_bytes(start, (size_t)(c - start));                                            \
        if (call)                                                                                  \
            return KTG_EINVALID;                                                                   \
        *ret_t = t;                                                                                \
        return KTG_CEL_TOK_##token;                                                                \
    } while (0)
again:
    start = c;
    t.start = (uint32_t)(start - text);
    /*!re2c
        re2c:define:YYCTYPE = "unsigned char";
        re2c:define:YYCURSOR = c;
        re2c:define:YYMARKER = m;
        re2c:yyfill:enable = 0;
        digit = [0-9];
        hex = [0-9a-fA-F];

        [ \t\n\f\r]+          { goto again; }
        "//" [^\n\x00]*       { goto again; }
        "\x00" {
            if (t.start < p->source->text.size)
                return ktg_cel_lex_fail(p, t.start, "a NUL character in a condition");
            *ret_t = t;
            return 0;
        }
        "0" [xX] hex+         { KTG_READ(ktg_cel_lex_number(p, 16, &t), INT); }
        digit+                { KTG_READ(ktg_cel_lex_number(p, 10, &t), INT); }
        digit* "." digit+     { KTG_READ(ktg_cel_lex_decimal(p, &t), DECIMAL); }
        (digit+ | digit* "." digit+) [eE] [+-]? digit+ { return ktg_cel_lex_fail(p, t.start, "there are no floating-point numbers here"); }
        (digit+ | "0" [xX] hex+) [uU] { return ktg_cel_lex_fail(p, t.start, "there are no unsigned numbers here: leave the 'u' out"); }

        "\"\"\"" | "'''"      { KTG_READ(ktg_cel_lex_string(p, 3, false, &t), STRING); }
        ["']                  { KTG_READ(ktg_cel_lex_string(p, 1, false, &t), STRING); }
        [rR] ("\"\"\"" | "'''") { KTG_READ(ktg_cel_lex_string(p, 3, true, &t), STRING); }
        [rR] ["']             { KTG_READ(ktg_cel_lex_string(p, 1, true, &t), STRING); }
        ([bB] [rR]? | [rR] [bB]) ["'] { return ktg_cel_lex_fail(p, t.start, "there are no byte strings here"); }

        "true"                { KTG_TAKE(TRUE); }
        "false"               { KTG_TAKE(FALSE); }
        "null"                { KTG_TAKE(NULL); }
        "in"                  { KTG_TAKE(IN); }
        [_a-zA-Z][_a-zA-Z0-9]* { KTG_TAKE(IDENT); }

        "=="                  { KTG_TAKE(EQ); }
        "!="                  { KTG_TAKE(NE); }
        "<"                   { KTG_TAKE(LT); }
        "<="                  { KTG_TAKE(LE); }
        ">"                   { KTG_TAKE(GT); }
        ">="                  { KTG_TAKE(GE); }
        "&&"                  { KTG_TAKE(AND); }
        "||"                  { KTG_TAKE(OR); }
        "!"                   { KTG_TAKE(NOT); }
        "?"                   { KTG_TAKE(QUESTION); }
        ":"                   { KTG_TAKE(COLON); }
        "+"                   { KTG_TAKE(PLUS); }
        "-"                   { KTG_TAKE(MINUS); }
        "*"                   { KTG_TAKE(STAR); }
        "/"                   { KTG_TAKE(SLASH); }
        "%"                   { KTG_TAKE(PERCENT); }
        "."                   { KTG_TAKE(DOT); }
        ","                   { KTG_TAKE(COMMA); }
        "("                   { KTG_TAKE(LPAREN); }
        ")"                   { KTG_TAKE(RPAREN); }
        "["                   { KTG_TAKE(LBRACKET); }
        "]"                   { KTG_TAKE(RBRACKET); }
        "{"                   { KTG_TAKE(LBRACE); }
        "}"                   { KTG_TAKE(RBRACE); }
        "="                   { return ktg_cel_lex_fail(p, t.start, "'=' is not an operator: equality is written '=='"); }
        "&"                   { return ktg_cel_lex_fail(p, t.start, "'&' is not an operator: 'and' is written '&&'"); }
        "|"                   { return ktg_cel_lex_fail(p, t.start, "'|' is not an operator: 'or' is written '||'"); }
        *                     { return ktg_cel_lex_fail(p, t.start, "this character has no meaning outside a string"); }
    */
}
