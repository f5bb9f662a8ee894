// The gSOAP server that the tests of the kind soap call: /depot of ../wsdl/depot.wsdl. It parses strictly, answers multi-reference
// values in rpc/encoded and MIME parts in document/literal, writes its address, and ends with the standard input.
#include "soapH.h"
#include "depot.nsmap"
#include <netinet/in.h>
#include <pthread.h>
#include <unistd.h>

static void *until_end(void *) {
  char c;
  while (read(0, &c, 1) > 0) {}
  _exit(0);
}

int main() {
  struct soap *soap = soap_new1(SOAP_ENC_MTOM | SOAP_XML_STRICT);
  soap->bind_flags = SO_REUSEADDR;
  soap->recv_timeout = soap->send_timeout = 20;
  if (!soap_valid_socket(soap_bind(soap, "127.0.0.1", 0, 100))) {
    soap_print_fault(soap, stderr);
    return 1;
  }
  struct sockaddr_in at;
  socklen_t size = sizeof(at);
  getsockname(soap->master, (struct sockaddr *)&at, &size);
  printf("http://127.0.0.1:%d\n", ntohs(at.sin_port));
  fflush(stdout);
  pthread_t watch;
  pthread_create(&watch, NULL, until_end, NULL);
  while (soap_valid_socket(soap_accept(soap))) {
    soap_serve(soap);
    soap_destroy(soap);
    soap_end(soap);
  }
}

int d__pack(struct soap *soap, struct ArrayOfBox boxes, struct d__packResponse *out) {
  out->boxes = boxes;
  out->heaviest = NULL;
  for (int i = 0; i < boxes.__size; i++)
    if (boxes.__ptr[i] && (!out->heaviest || boxes.__ptr[i]->weight > out->heaviest->weight))
      out->heaviest = boxes.__ptr[i];
  return SOAP_OK;
}

int d__store(struct soap *soap, char *name, struct d__Data file, struct d__storeResponse *out) {
  _xop__Include &part = file.xop__Include;
  if (!part.__size)
    return soap_sender_fault(soap, "the file is empty", NULL);
  out->size = part.__size;
  out->file.xop__Include.__ptr = (unsigned char *)soap_malloc(soap, part.__size);
  out->file.xop__Include.__size = part.__size;
  out->file.xop__Include.id = NULL;
  out->file.xop__Include.type = part.type ? part.type : (char *)"application/octet-stream";
  out->file.xop__Include.options = NULL;
  out->file.xmime5__contentType = NULL;
  for (int i = 0; i < part.__size; i++)
    out->file.xop__Include.__ptr[i] = part.__ptr[i] + 1;
  return SOAP_OK;
}

int d__weigh(struct soap *soap, struct d__Box *box, struct d__weighResponse *out) {
  for (out->total = 0; box; box = box->inner)
    out->total += box->weight;
  return SOAP_OK;
}
