/* rules/cel/grammar.y - the grammar of conditions: precedence as in the Common Expression Language.
 * SPDX-License-Identifier: Apache-2.0
 */
%name ktg_cel_grammar
%token_prefix KTG_CEL_TOK_
%token_type {struct ktg_cel_token}
%default_type {struct ktg_cel_tree *}
%extra_argument {struct ktg_cel_parsing *p}
%stack_size 2048
%include {
#include <assert.h>
#include <string.h>

#include "rules/cel/tree.h"
#define KTG_JOIN(op, a, b) ktg_cel_join(p, KTG_CEL_T_##op, a, b, NULL)
}
%syntax_error { ktg_cel_syntax(p, yymajor, TOKEN); }
%stack_overflow { ktg_cel_overflow(p); }

whole ::= expr(E). { p->root = E; }

expr(A) ::= or(B). { A = B; }
expr(A) ::= or(C) QUESTION or(B) COLON expr(D). { A = ktg_cel_join(p, KTG_CEL_T_COND, C, B, D); }

or(A) ::= and(B). { A = B; }
or(A) ::= or(B) OR and(C). { A = KTG_JOIN(OR, B, C); }

and(A) ::= rel(B). { A = B; }
and(A) ::= and(B) AND rel(C). { A = KTG_JOIN(AND, B, C); }

rel(A) ::= add(B). { A = B; }
rel(A) ::= rel(B) EQ add(C). { A = KTG_JOIN(EQ, B, C); }
rel(A) ::= rel(B) NE add(C). { A = KTG_JOIN(NE, B, C); }
rel(A) ::= rel(B) LT add(C). { A = KTG_JOIN(LT, B, C); }
rel(A) ::= rel(B) LE add(C). { A = KTG_JOIN(LE, B, C); }
rel(A) ::= rel(B) GT add(C). { A = KTG_JOIN(GT, B, C); }
rel(A) ::= rel(B) GE add(C). { A = KTG_JOIN(GE, B, C); }
rel(A) ::= rel(B) IN add(C). { A = KTG_JOIN(IN, B, C); }

add(A) ::= mul(B). { A = B; }
add(A) ::= add(B) PLUS mul(C). { A = KTG_JOIN(ADD, B, C); }
add(A) ::= add(B) MINUS mul(C). { A = KTG_JOIN(SUB, B, C); }

mul(A) ::= unary(B). { A = B; }
mul(A) ::= mul(B) STAR unary(C). { A = KTG_JOIN(MUL, B, C); }
mul(A) ::= mul(B) SLASH unary(C). { A = KTG_JOIN(DIV, B, C); }
mul(A) ::= mul(B) PERCENT unary(C). { A = KTG_JOIN(MOD, B, C); }

unary(A) ::= member(B). { A = B; }
unary(A) ::= not(B). { A = B; }
unary(A) ::= minus(B). { A = B; }
not(A) ::= NOT(T) member(B). { A = ktg_cel_join(p, KTG_CEL_T_NOT, B, NULL, NULL); ktg_cel_span(A, T.start, 0); }
not(A) ::= NOT(T) not(B). { A = ktg_cel_join(p, KTG_CEL_T_NOT, B, NULL, NULL); ktg_cel_span(A, T.start, 0); }
minus(A) ::= MINUS(T) member(B). { A = ktg_cel_join(p, KTG_CEL_T_NEG, B, NULL, NULL); ktg_cel_span(A, T.start, 0); }
minus(A) ::= MINUS(T) minus(B). { A = ktg_cel_join(p, KTG_CEL_T_NEG, B, NULL, NULL); ktg_cel_span(A, T.start, 0); }

member(A) ::= primary(B). { A = B; }
member(A) ::= member(B) DOT IDENT(N). { A = ktg_cel_call(p, KTG_CEL_T_SELECT, N, B, NULL); ktg_cel_span(A, UINT32_MAX, N.end); }
member(A) ::= member(B) DOT IDENT(N) LPAREN args(C) RPAREN(T). { A = ktg_cel_call(p, KTG_CEL_T_METHOD, N, B, C); ktg_cel_span(A, UINT32_MAX, T.end); }
member(A) ::= member(B) LBRACKET expr(C) RBRACKET(T). { A = KTG_JOIN(INDEX, B, C); ktg_cel_span(A, UINT32_MAX, T.end); }

primary(A) ::= IDENT(N). { A = ktg_cel_name(p, N); }
primary(A) ::= IDENT(N) LPAREN args(C) RPAREN(T). { A = ktg_cel_call(p, KTG_CEL_T_CALL, N, NULL, C); ktg_cel_span(A, N.start, T.end); }
primary(A) ::= LPAREN(L) expr(B) RPAREN(R). { A = ktg_cel_span(B, L.start, R.end); }
primary(A) ::= LBRACKET(L) items(B) RBRACKET(R). { A = ktg_cel_span(ktg_cel_call(p, KTG_CEL_T_LIST, L, NULL, B), L.start, R.end); }
primary(A) ::= LBRACE(L) pairs(B) RBRACE(R). { A = ktg_cel_span(ktg_cel_call(p, KTG_CEL_T_MAP, L, NULL, B), L.start, R.end); }
primary(A) ::= INT(T). { A = ktg_cel_leaf(p, KTG_CEL_T_INT, T); }
primary(A) ::= DECIMAL(T). { A = ktg_cel_leaf(p, KTG_CEL_T_DECIMAL, T); }
primary(A) ::= STRING(T). { A = ktg_cel_leaf(p, KTG_CEL_T_STRING, T); }
primary(A) ::= TRUE(T). { A = ktg_cel_leaf(p, KTG_CEL_T_TRUE, T); }
primary(A) ::= FALSE(T). { A = ktg_cel_leaf(p, KTG_CEL_T_FALSE, T); }
primary(A) ::= NULL(T). { A = ktg_cel_leaf(p, KTG_CEL_T_NULL, T); }

args(A) ::= . { A = NULL; }
args(A) ::= list(B). { A = B; }
items(A) ::= . { A = NULL; }
items(A) ::= list(B). { A = B; }
items(A) ::= list(B) COMMA. { A = B; }
list(A) ::= expr(B). { A = ktg_cel_push(p, NULL, B); }
list(A) ::= list(B) COMMA expr(C). { A = ktg_cel_push(p, B, C); }
pairs(A) ::= . { A = NULL; }
pairs(A) ::= entries(B). { A = B; }
pairs(A) ::= entries(B) COMMA. { A = B; }
entries(A) ::= expr(B) COLON expr(C). { A = ktg_cel_push(p, ktg_cel_push(p, NULL, B), C); }
entries(A) ::= entries(B) COMMA expr(C) COLON expr(D). { A = ktg_cel_push(p, ktg_cel_push(p, B, C), D); }
