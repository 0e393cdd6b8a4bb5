#!/usr/bin/env python3
"""`ziggy config` and the start-up rules: sources, masks, every problem at once."""
import json
import unittest

from support import CliCase

SECRETS = {'SECRET_KEY': 'k' * 20 + 'Zq7!' + 'k' * 20, 'POLYGON_API_KEY': 'polygonSecretValue1', 'ALPACA_KEY_ID': 'PKALPACAKEYID12345',
           'ALPACA_SECRET_KEY': 'alpacaSecretValue2', 'OPENAI_API_KEY': 'sk-openaiSecretValue3', 'NEWS_API_KEY': 'newsSecretValue4'}


class Config(CliCase):
    def settings(self, **environment):
        shown = self.ziggy_json('config', 'show', **environment)
        return {entry['name'].upper(): entry for entry in shown['settings']}

    def test_the_strongest_source_wins_and_is_named(self):
        self.write('ziggy.toml', 'api_port = 8001\nlog_level = "debug"\nsim_seed = 5\n')
        self.write('.env', 'API_PORT=8002\nLOG_LEVEL=info\n')
        shown = self.settings(API_PORT='8003')
        self.assertEqual(str(shown['API_PORT']['value']), '8003')
        self.assertIn('environment', shown['API_PORT']['source'])
        self.assertEqual(shown['LOG_LEVEL']['value'], 'info')
        self.assertIn('.env', shown['LOG_LEVEL']['source'])
        self.assertIn('ziggy.toml', shown['SIM_SEED']['source'])
        self.assertIn('default', shown['API_HOST']['source'])

    def test_secrets_are_masked_wherever_they_stand(self):
        for flag in ([], ['--json']):
            done = self.ziggy('config', 'show', *flag, **SECRETS, OPENAI_MODEL='model-' + SECRETS['POLYGON_API_KEY'],
                              DATABASE_URL='postgresql://user:dbPassword99@127.0.0.1/x')
            for value in (*SECRETS.values(), 'dbPassword99'):
                self.assertNotIn(value, done.stdout + done.stderr)

    def test_production_names_every_problem_at_once(self):
        done = self.ziggy('config', 'check', code=1, ENV='production', SECRET_KEY='short', DEBUG='true', ENABLE_AUTH='false',
                          CORS_ORIGINS='*', PROVIDERS_PRICES='polygon')
        for word in ('SECRET_KEY', 'DEBUG', 'ENABLE_AUTH', 'CORS_ORIGINS', 'POLYGON_API_KEY'):
            self.assertIn(word, (done.stdout + done.stderr).upper())

    def test_malformed_values_are_errors_and_unknown_keys_a_warning(self):
        done = self.ziggy('config', 'check', code=1, API_PORT='eighty', PROVIDERS_QUOTES='polygn', TRUSTED_PROXIES='10.0.0.0/99')
        text = (done.stdout + done.stderr).lower()
        for word in ('api_port', 'polygon', 'trusted_proxies'):
            self.assertIn(word, text)
        self.write('ziggy.toml', 'api_prot = 8001\n')
        done = self.ziggy('config', 'check')
        self.assertIn('api_port', (done.stdout + done.stderr).lower())

    def test_only_loopback_is_served_until_accounts_exist(self):
        done = self.ziggy('serve', '--demo', '--host', '0.0.0.0', code=1)
        self.assertIn('loopback', done.stderr.lower())

    def test_every_command_has_help_and_usage_errors_exit_with_2(self):
        for command in (['serve'], ['backtest'], ['import'], ['import', 'bars'], ['export'], ['export', 'bars'], ['migrate'], ['db'],
                        ['config'], ['config', 'show'], ['health'], ['openapi'], ['version']):
            with self.subTest(command):
                self.assertIn('usage', self.ziggy(*command, '--help').stdout.lower())
                self.ziggy(*command, '--no-such-flag', code=2)
        self.ziggy('no-such-command', code=2)

    def test_openapi_is_a_document(self):
        document = json.loads(self.ziggy('openapi').stdout)
        self.assertTrue(document['openapi'].startswith('3.1'))
        self.assertIn('/api/v1/market/bars/{symbol}', document['paths'])


if __name__ == '__main__':
    unittest.main()
