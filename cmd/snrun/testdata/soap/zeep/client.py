# zeep, the other client: the same call must give the same values. python3 client.py WSDL PORT ENDPOINT OPERATION < PARAMS
#
# PARAMS is a JSON object {"params": {...}, "headers": {...}}, written as snrun takes them: `_type` names a derived type as
# {namespace}local, `_` is the text beside attributes. The answer comes out as JSON in the same shape; where it is one element, what
# is in that. ZEEP_SIGN_IN is the user and the password for basic authentication, with a colon between.
import base64
import datetime
import decimal
import json
import os
import sys

import requests
import zeep
from zeep.xsd import ComplexType, CompoundValue


def built(client, value):
    """The value as zeep takes it."""
    if isinstance(value, list):
        return [built(client, one) for one in value]
    if not isinstance(value, dict):
        return value
    fields = {("_value_1" if key == "_" else key): built(client, one) for key, one in value.items() if key != "_type"}
    if "_type" in value:
        return client.get_type(value["_type"])(**fields)
    return fields


def plain(value):
    """The value as snrun gives it; what is None is left out."""
    if isinstance(value, CompoundValue):
        fields = {("_" if key == "_value_1" else key): plain(value[key]) for key in value if value[key] is not None}
        if isinstance(value._xsd_type, ComplexType) and value._xsd_type.name in ("Person", "Company"):
            fields["_type"] = value._xsd_type.name
        return fields
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


wsdl, port, endpoint, operation = sys.argv[1:]
session = requests.Session()
if "ZEEP_SIGN_IN" in os.environ:
    session.auth = tuple(os.environ["ZEEP_SIGN_IN"].split(":", 1))
client = zeep.Client(wsdl, port_name=port, transport=zeep.Transport(session=session))
given = json.load(sys.stdin)
headers = [client.get_element(name)(**fields) for name, fields in given.get("headers", {}).items()]
binding = next(p.binding for s in client.wsdl.services.values() for p in s.ports.values() if p.name == port)
service = client.create_service(binding.name.text, endpoint)
answer = service[operation](**built(client, given["params"]), _soapheaders=headers)
body = getattr(answer, "body", answer)
print(json.dumps(plain(body)))
