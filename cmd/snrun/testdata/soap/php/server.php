<?php
// PHP's SoapServer, as the tests of the kind soap call it: php -S 127.0.0.1:PORT server.php
//
//   /orders11, /orders12   ../wsdl/orders.wsdl in SOAP 1.1 and 1.2; `seen` in an answer is what the server understood, as JSON
//   /team                  ../wsdl/team.wsdl; /range its second service
//   /ready                 204 once it listens
//
// The header SessionHeader must be there for PlaceOrder, and comes back with its text reversed. Order 404 cannot be cancelled,
// which is a fault with a detail; no other can either, which is one without.

ini_set('soap.wsdl_cache_enabled', '0');
ini_set('display_errors', '0');
error_reporting(E_ALL & ~E_DEPRECATED);

class Person { public $id, $address, $firstName, $born; }
class Company { public $id, $address, $legalName, $employees, $listed; }

class Orders {
    private ?string $session = null;

    public function __construct(private SoapServer $server) {}

    public function SessionHeader($header) {
        $this->session = $header->sessionId;
        $this->server->addSoapHeader(new SoapHeader('http://example.com/orders', 'SessionHeader', ['sessionId' => strrev($header->sessionId)]));
    }

    public function PlaceOrder($in) {
        if ($this->session === null) {
            throw new SoapFault('Client', 'who is it? there is no SessionHeader');
        }
        $total = 0;
        $lines = $in->order->line ?? [];
        foreach (is_array($lines) ? $lines : [$lines] as $line) {
            $total += (float) $line->price->_;
        }
        return ['order' => $in->order, 'total' => ['_' => number_format($total, 2, '.', ''), 'currency' => 'EUR'], 'seen' => json_encode($in->order)];
    }

    public function ListCategories($in) {
        $names = [];
        $walk = function ($category) use (&$walk, &$names) {
            $names[] = $category->name;
            $children = $category->category ?? [];
            array_map($walk, is_array($children) ? $children : [$children]);
        };
        $walk($in->root);
        return ['name' => $names, 'root' => $in->root];
    }

    public function CancelOrder($in) {
        if ($in->number === '404') {
            throw new SoapFault('Client', 'there is no order 404', null, ['code' => 17, 'field' => ['number', 'order']], 'OrderFault');
        }
        throw new SoapFault('Server', 'too late for ' . $in->number);
    }

    public function Notify($in) {}
}

class Team {
    public function sum($numbers) { return array_sum($numbers); }

    public function older($members, $years) {
        foreach ($members as $member) {
            $member->age += $years;
        }
        return $members;
    }

    public function mentor($member) { return $member->mentor ?? $member; }

    public function range($from, $count) { return ['item' => $count > 0 ? range($from, $from + $count - 1) : []]; }
}

function serve(string $wsdl, array $options, callable $object): void {
    $server = new SoapServer(__DIR__ . '/../wsdl/' . $wsdl, $options + ['cache_wsdl' => WSDL_CACHE_NONE, 'classmap' => ['Person' => 'Person', 'Company' => 'Company']]);
    $server->setObject($object($server));
    $server->handle(file_get_contents('php://input'));
}

$orders = fn ($server) => new Orders($server);
switch (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    case '/orders11':
        serve('orders.wsdl', ['soap_version' => SOAP_1_1], $orders);
        break;
    case '/orders12':
        serve('orders.wsdl', ['soap_version' => SOAP_1_2], $orders);
        break;
    case '/team':
    case '/range':
        serve('team.wsdl', ['soap_version' => SOAP_1_1], fn () => new Team());
        break;
    case '/ready':
        http_response_code(204);
        break;
    default:
        http_response_code(404);
}
