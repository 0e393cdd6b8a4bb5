#!/usr/bin/env python3
"""A secret of the settings is nowhere to be seen, whatever a client or a file puts where."""
import unittest
import urllib.parse

from server import ServerCase

SECRETS = {'SECRET_KEY': 'seckeyVALUE-0123456789abcdefghijkl-0123', 'POLYGON_API_KEY': 'polyVALUEkey1234', 'ALPACA_KEY_ID': 'PKVALUE99ID',
           'ALPACA_SECRET_KEY': 'alpacaSECVALUE77', 'OPENAI_API_KEY': 'oaVALUEkey5678', 'NEWS_API_KEY': '0f1e2d3c4b5a69788796a5b4c3d2e1f0'}


class Secrets(ServerCase):
    settings = SECRETS

    def hide(self, answer, value):
        text = (answer.body.decode() + repr(answer.headers)).lower()
        self.assertNotIn(value.lower(), text)
        # Nor a good part of it: what is cut must be cut after it was hidden.
        self.assertNotIn(value[:len(value) * 3 // 4].lower(), text)

    def test_in_no_answer(self):
        for value in SECRETS.values():
            quoted = urllib.parse.quote(value)
            for target in (f'/{quoted}', f'/api/v1/market/quotes/{quoted}', f'/api/v1/market/bars/{quoted[:23]}', f'/api/v1/market/bars/AAPL?interval={quoted}',
                           f'/api/v1/market/bars/AAPL?{quoted}=1', f'/api/v1/market/bars/AAPL?start={quoted}', f'/api/v1/market/bars/AAPL?cursor={quoted}',
                           f'/api/v1/market/bars/AAPL?limit={quoted}', f'/api/v1/market/quotes?symbols={quoted}', '/' + 'x' * 180 + quoted):
                with self.subTest(target):
                    if len(quoted[:23]) == len(quoted) or not target.endswith(quoted[:23]):
                        self.hide(self.get(target), value)
            self.hide(self.get('/nope', X_Correlation_ID=value), value)
            self.hide(self.get('/nope', X_Request_ID=value), value)

    def test_in_no_line_of_the_log(self):
        for value in SECRETS.values():
            self.get(f'/{value}?{value}={value}', User_Agent=value, X_Correlation_ID=value, Authorization=f'Bearer {value}')
        self.wait_for(lambda: (self.home / 'log').read_text().count('http_request') >= len(SECRETS) or '"status":404' in (self.home / 'log').read_text())
        log = (self.home / 'log').read_text().lower()
        for value in SECRETS.values():
            self.assertNotIn(value.lower(), log)


if __name__ == '__main__':
    unittest.main()
