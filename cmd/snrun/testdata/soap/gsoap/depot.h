// What the gSOAP server answers, as soapcpp2 reads it; ../wsdl/depot.wsdl says the same.

//gsoap d service name: depot
//gsoap d service namespace: http://example.com/depot
//gsoap d service style: document
//gsoap d service encoding: encoded
//gsoap d schema namespace: http://example.com/depot
//gsoap d schema form: unqualified

#import "xop.h"
#import "xmime5.h"

typedef long long xsd__long;
typedef double xsd__double;

struct d__Box {
  char *label 1;
  xsd__long weight 1;
  struct d__Box *inner 0;
};

// An array of SOAP encoding: its name has no namespace.
struct ArrayOfBox {
  struct d__Box **__ptr;
  int __size;
};

struct d__Data {
  _xop__Include xop__Include 1;
  @char *xmime5__contentType;
};

// The heaviest box is one of the array: it is sent once, and referred to.
//gsoap d service method-style: pack rpc
//gsoap d service method-action: pack http://example.com/depot/pack
int d__pack(struct ArrayOfBox boxes, struct d__packResponse { struct ArrayOfBox boxes; struct d__Box *heaviest; } *out);

// What is stored comes back, each byte plus one.
//gsoap d service method-encoding: store literal
//gsoap d service method-action: store http://example.com/depot/store
int d__store(char *name 1, struct d__Data file 1, struct d__storeResponse { int size 1; struct d__Data file 1; } *out);

//gsoap d service method-encoding: weigh literal
//gsoap d service method-action: weigh http://example.com/depot/weigh
int d__weigh(struct d__Box *box 1, struct d__weighResponse { xsd__double total 1; } *out);
